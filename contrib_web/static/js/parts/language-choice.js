/**
 * The choice of the language.
 */
import { currentLanguage, languages, t } from '../lang/texts.js';
import { h, icon } from '../ui/dom.js';

/** A language's name in the language itself. */
const nameOf = (code) => new Intl.DisplayNames(code, { type: 'language' }).of(code);

/**
 * @param {{ speak: (code: string) => Promise<any> }} app
 * @returns {HTMLElement}
 */
export function languageChoice(app) {
	const options = languages.map((code) => h('option', { value: code, lang: code, selected: code === currentLanguage() }, nameOf(code)));
	const select = h('select', { 'aria-label': t('page.language'), title: t('page.language') }, options);
	select.addEventListener('change', async () => {
		await app.speak(select.value);
		select.value = currentLanguage(); // the page may not have been left
	});
	return h('span', { class: 'language button plain icon-only' }, icon('globe'), select);
}
