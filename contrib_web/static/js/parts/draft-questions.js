/**
 * Questions about drafts before they are lost.
 */
import { t } from '../lang/texts.js';
import { ask } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { tableLabel } from '../model/column.js';

/**
 * @param {{ name: string, key: string|null, label: string|null }[]} unsent
 *   drafts that only this computer has
 * @returns {Promise<boolean>} whether to sign out all the same
 */
export async function askToSignOut(unsent) {
	const answer = await ask({
		name: 'sign-out',
		title: t('drafts.sign_out'),
		alert: true,
		body: [
			h('p', {}, t('drafts.sign_out.text')),
			h('ul', {}, unsent.map((draft) => h('li', {}, `${t('text.labelled', { label: tableLabel(draft.name) })} `, h('bdi', {}, draftName(draft))))),
		],
		choices: [
			{ value: 'yes', text: t('action.sign_out'), kind: 'plain bad' },
			{ value: 'no', text: t('action.stay_signed_in') },
		],
	});
	return answer === 'yes';
}

/**
 * @param {{ key: string|null, label: string|null }} draft
 * @returns {string}
 */
export const draftName = ({ key, label }) => label ?? key ?? t('rows.new');

/**
 * @param {{ key: string|null, label: string|null }} draft
 * @returns {Promise<boolean>}
 */
export async function askToDiscard(draft) {
	const answer = await ask({
		name: 'discard-draft',
		title: t('drafts.discard', { row: draftName(draft) }),
		alert: true,
		body: [h('p', {}, t('drafts.discard.text'))],
		choices: [
			{ value: 'no', text: t('action.cancel') },
			{ value: 'yes', text: t('action.discard'), kind: 'danger' },
		],
	});
	return answer === 'yes';
}
