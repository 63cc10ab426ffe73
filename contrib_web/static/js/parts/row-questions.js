/**
 * Questions of an edit page before an action that cannot be undone.
 */
import { t } from '../lang/texts.js';
import { h, newId } from '../ui/dom.js';
import { personName } from '../model/text.js';
import { ask, askReason } from '../ui/dialog.js';

/**
 * @param {object} holder the lock to end
 * @returns {Promise<string|null>} the reason; null: declined
 */
export const askToTakeOver = (holder) =>
	askReason({
		name: 'take-over',
		title: t('take_over.title', { who: personName(holder) }),
		text: [t('take_over.text', { who: personName(holder) })],
		action: t('action.take_over'),
	});

/**
 * @param {object} options
 * @param {boolean} options.mayKeepDraft
 * @param {string|null} options.incomplete the labels of fields that have no
 *   value yet, so that a draft does not have it either; null: none
 * @returns {Promise<'discard'|'draft'|'stay'|null>}
 */
export const askToLeave = ({ mayKeepDraft, incomplete }) =>
	ask({
		name: 'leave',
		title: t('leave.title'),
		body: [
			h(
				'p',
				{},
				t(mayKeepDraft ? 'leave.may_keep' : 'leave.will_be_lost'),
			),
			mayKeepDraft && incomplete ? h('p', {}, t('leave.incomplete', { fields: incomplete })) : '',
		],
		choices: [
			{ value: 'discard', text: t(mayKeepDraft ? 'action.discard' : 'action.leave'), kind: 'plain bad' },
			...(mayKeepDraft ? [{ value: 'draft', text: t('action.keep_draft') }] : []),
			{ value: 'stay', text: t('action.stay') },
		],
	});

/**
 * @param {string} label of the row
 * @returns {Promise<boolean>}
 */
export async function askToDelete(label) {
	const answer = await ask({
		name: 'delete',
		title: t('delete.title', { row: label }),
		alert: true,
		body: [h('p', {}, t('delete.text'))],
		choices: [
			{ value: 'no', text: t('action.cancel') },
			{ value: 'yes', text: t('action.delete'), kind: 'danger' },
		],
	});
	return answer === 'yes';
}

/**
 * @param {{ owner: string, owner_name: string|null }} request to decline
 * @returns {Promise<string|null>} words for the requester, may be empty;
 *   null: not declined
 */
export async function askToDecline(request) {
	const id = newId('message');
	const message = h('input', { class: 'input', id, maxLength: 1000, autocomplete: 'off' });
	const answer = await ask({
		name: 'decline',
		title: t('decline.title', { who: personName(request) }),
		body: [
			h('p', {}, t('decline.text', { who: personName(request) })),
			h('div', {}, h('label', { class: 'label', htmlFor: id }, t('field.message'), h('span', { class: 'quiet' }, ` ${t('field.optional')}`)), message),
		],
		choices: [
			{ value: 'no', text: t('action.cancel') },
			{ value: 'yes', text: t('action.decline') },
		],
	});
	return answer === 'yes' ? message.value.trim() : null;
}
