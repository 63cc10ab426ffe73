/**
 * The language of the document and of the pages' texts.
 */
import { currentLanguage, loadTexts, t } from '../lang/texts.js';

/**
 * Shows texts in a language from now on. What is shown already stays, except
 * the texts of index.html.
 * @param {readonly string[]} tags language tags, by preference
 * @returns {Promise<void>}
 */
export async function useLanguage(tags) {
	await loadTexts(tags);
	document.documentElement.lang = currentLanguage();
	document.querySelector('.skip-link').textContent = t('page.skip');
	document.getElementById('toasts').setAttribute('aria-label', t('messages.messages'));
}
