/**
 * What an edit page asks before it does what cannot be undone.
 */
import { h } from '../dom.js';
import { personName } from '../model/text.js';
import { ask, askReason } from '../ui.js';

/** @returns {Promise<string|null>} the reason; null: no */
export const askToTakeOver = (holder) =>
	askReason({
		title: `Take over from ${personName(holder)}?`,
		text: [`${personName(holder)} is told at once and keeps what was typed, but cannot save it any more.`],
		action: 'Take over',
		no: 'Leave it',
	});

/**
 * @param {boolean} mayKeepDraft
 * @returns {Promise<'discard'|'draft'|'stay'|null>}
 */
export const askToLeave = (mayKeepDraft) =>
	ask({
		title: 'Leave without saving?',
		body: [
			h(
				'p',
				{},
				mayKeepDraft
					? 'Your text can be kept as a draft: it is offered again when you come back to this row.'
					: 'What you typed is only in this page, and will be lost. Copy it first if you need it.',
			),
		],
		choices: [
			{ value: 'discard', text: mayKeepDraft ? 'Discard' : 'Leave', kind: 'plain bad' },
			...(mayKeepDraft ? [{ value: 'draft', text: 'Keep a draft' }] : []),
			{ value: 'stay', text: 'Stay', autofocus: true },
		],
	});

/** @returns {Promise<boolean>} */
export async function askToDelete(label) {
	const words =
		'The row is removed from the database for good. What refers to it may be removed with it, or keep it from being removed.';
	const answer = await ask({
		title: `Delete ${label}?`,
		alert: true,
		body: [h('p', {}, words)],
		choices: [
			{ value: 'no', text: 'Keep it' },
			{ value: 'yes', text: 'Delete', kind: 'danger' },
		],
	});
	return answer === 'yes';
}
