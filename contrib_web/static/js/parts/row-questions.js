/**
 * Questions of an edit page before an action that cannot be undone.
 */
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
		title: `Take over from ${personName(holder)}?`,
		text: [`${personName(holder)} is notified immediately and keeps the unsaved text, but can no longer save it.`],
		action: 'Take over',
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
		title: 'Leave without saving?',
		body: [
			h(
				'p',
				{},
				mayKeepDraft
					? 'Your text can be kept as a draft, which is offered when you return to this row.'
					: 'What you typed exists only in this page and will be lost. Copy it first if you need it.',
			),
			mayKeepDraft && incomplete ? h('p', {}, `Only what you entered in ${incomplete} is not complete, and will be lost.`) : '',
		],
		choices: [
			{ value: 'discard', text: mayKeepDraft ? 'Discard' : 'Leave', kind: 'plain bad' },
			...(mayKeepDraft ? [{ value: 'draft', text: 'Keep a draft' }] : []),
			{ value: 'stay', text: 'Stay' },
		],
	});

/**
 * @param {string} label of the row
 * @returns {Promise<boolean>}
 */
export async function askToDelete(label) {
	const words =
		'The row is deleted permanently. Rows that refer to it may be deleted too, or prevent the deletion.';
	const answer = await ask({
		name: 'delete',
		title: `Delete ${label}?`,
		alert: true,
		body: [h('p', {}, words)],
		choices: [
			{ value: 'no', text: 'Cancel' },
			{ value: 'yes', text: 'Delete', kind: 'danger' },
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
		title: `Decline the request of ${personName(request)}?`,
		body: [
			h('p', {}, `${personName(request)} is told immediately.`),
			h('div', {}, h('label', { class: 'label', htmlFor: id }, 'Message', h('span', { class: 'quiet' }, ' (optional)')), message),
		],
		choices: [
			{ value: 'no', text: 'Cancel' },
			{ value: 'yes', text: 'Decline' },
		],
	});
	return answer === 'yes' ? message.value.trim() : null;
}
