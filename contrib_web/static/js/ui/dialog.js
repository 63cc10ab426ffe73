/**
 * Modal dialogs: a question with buttons, and a question with a reason.
 */
import { h, newId } from './dom.js';

/**
 * @typedef {object} Choice
 * @property {string} value the answer
 * @property {string} text the button's label
 * @property {string} [kind] the button's classes
 * @property {boolean} [autofocus]
 */

/**
 * Asks a modal question. The last choice is the main one. Unless a choice has
 * `autofocus`, the browser focuses the first control.
 * @param {object} options
 * @param {string} options.title
 * @param {(Node|string)[]} [options.body]
 * @param {Choice[]} options.choices
 * @param {boolean} [options.wide]
 * @param {boolean} [options.alert] whether to use the role alertdialog
 * @param {(value: string, dialog: HTMLDialogElement) =>
 *   boolean|Promise<boolean>} [options.check] false keeps the dialog open
 * @returns {Promise<string|null>} the choice's value; null after Escape
 */
export function ask({ title, body = [], choices, wide = false, check = () => true, alert = false }) {
	const titleId = newId('title');
	const bodyId = newId('body');
	return new Promise((resolve) => {
		const form = h(
			'form',
			{ method: 'dialog', class: 'dialog-form' },
			h('div', { class: 'dialog-body', id: bodyId }, h('h2', { id: titleId }, title), ...body),
			h('div', { class: 'dialog-foot' }, choices.map(choiceButton)),
		);
		const dialog = h(
			'dialog',
			{
				class: wide ? 'wide' : '',
				'aria-labelledby': titleId,
				'aria-describedby': wide ? null : bodyId,
				role: alert ? 'alertdialog' : null,
			},
			form,
		);
		let answer = null;
		form.addEventListener('submit', async (event) => {
			event.preventDefault();
			const value = event.submitter?.value ?? choices.at(-1).value;
			if (!(await check(value, dialog))) return;
			answer = value;
			dialog.close();
		});
		dialog.addEventListener('close', () => {
			dialog.remove();
			resolve(answer);
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}

function choiceButton({ value, text, kind = '', autofocus = false }, index, all) {
	const main = index === all.length - 1;
	return h(
		'button',
		{ class: `button ${kind || (main ? 'primary' : '')}`, type: 'submit', value, autofocus, formNoValidate: !main },
		text,
	);
}

/**
 * Asks for confirmation with an optional reason.
 * @param {object} options
 * @param {string} options.title
 * @param {(Node|string)[]} options.text
 * @param {string} options.action the label of the confirming button
 * @param {string} [options.no] the label of the other
 * @returns {Promise<string|null>} the reason, may be empty; null: declined
 */
export async function askReason({ title, text, action, no = 'Cancel' }) {
	const id = newId('reason');
	const input = h('textarea', {
		class: 'input',
		id,
		rows: 2,
		maxLength: 1000,
		autofocus: true,
		'aria-describedby': `${id}-hint`,
	});
	const hint = 'Kept in the history, where the former holder can read it.';
	const body = [
		...text.map((each) => (typeof each === 'string' ? h('p', {}, each) : each)),
		h(
			'div',
			{},
			h('label', { class: 'label', htmlFor: id }, 'Reason', h('span', { class: 'quiet' }, ' (optional)')),
			input,
			h('p', { class: 'hint', id: `${id}-hint` }, hint),
		),
	];
	const answer = await ask({
		title,
		body,
		choices: [
			{ value: 'no', text: no },
			{ value: 'yes', text: action, kind: 'danger' },
		],
	});
	return answer === 'yes' ? input.value.trim() : null;
}
