/**
 * Questions of an edit page before an action that cannot be undone.
 */
import { h } from '../ui/dom.js';
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
 * @param {boolean} mayKeepDraft
 * @returns {Promise<'discard'|'draft'|'stay'|null>}
 */
export const askToLeave = (mayKeepDraft) =>
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
