/**
 * Questions about drafts before they are lost.
 */
import { ask } from '../ui/dialog.js';
import { h } from '../ui/dom.js';

/**
 * @param {{ name: string, key: string|null, label: string|null }[]} unsent
 *   drafts that only this computer has
 * @returns {Promise<boolean>} whether to sign out all the same
 */
export async function askToSignOut(unsent) {
	const answer = await ask({
		name: 'sign-out',
		title: 'Sign out and lose unsaved text?',
		alert: true,
		body: [
			h('p', {}, 'Signing out deletes your drafts from this computer, and the server does not have these:'),
			h('ul', {}, unsent.map((draft) => h('li', {}, `${draft.name}: `, h('bdi', {}, draftName(draft))))),
		],
		choices: [
			{ value: 'yes', text: 'Sign out', kind: 'plain bad' },
			{ value: 'no', text: 'Stay signed in' },
		],
	});
	return answer === 'yes';
}

/**
 * @param {{ key: string|null, label: string|null }} draft
 * @returns {string}
 */
export const draftName = ({ key, label }) => label ?? key ?? 'New row';

/**
 * @param {{ key: string|null, label: string|null }} draft
 * @returns {Promise<boolean>}
 */
export async function askToDiscard(draft) {
	const answer = await ask({
		name: 'discard-draft',
		title: `Discard the draft of ${draftName(draft)}?`,
		alert: true,
		body: [h('p', {}, 'What you typed is deleted, here and on the server.')],
		choices: [
			{ value: 'no', text: 'Cancel' },
			{ value: 'yes', text: 'Discard', kind: 'danger' },
		],
	});
	return answer === 'yes';
}
