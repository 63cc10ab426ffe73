/**
 * Modal dialogs: a question with buttons, and a question with a reason.
 *
 * Enter presses the main button, wherever the focus is but on another button,
 * and Escape declines. Shift+Enter makes a new line where there can be one.
 */
import { t } from '../lang/texts.js';
import { h, newId } from './dom.js';

/**
 * @typedef {object} Choice
 * @property {string} value the answer
 * @property {string} text the button's label
 * @property {string} [kind] the button's classes
 */

/** Controls that handle Enter themselves. */
const HANDLE_ENTER = 'button, a[href], summary';
/** What has the focus when the dialog opens, or else the main button. */
const FIRST = '[autofocus], input, textarea, select';

/**
 * Asks a modal question. The last choice is the main one. The first input has
 * the focus, or the main button if there is none.
 * @param {object} options
 * @param {string} options.name of the dialog, for tests: each is opened by
 *   test/browser/dialogs.test.mjs
 * @param {string} options.title
 * @param {(Node|string)[]} [options.body]
 * @param {Choice[]} options.choices
 * @param {boolean} [options.wide]
 * @param {boolean} [options.alert] whether to use the role alertdialog
 * @param {(value: string, dialog: HTMLDialogElement) =>
 *   boolean|Promise<boolean>} [options.check] false keeps the dialog open
 * @returns {Promise<string|null>} the choice's value; null after Escape
 */
export function ask({ name, title, body = [], choices, wide = false, check = () => true, alert = false }) {
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
				data: { dialog: name },
				'aria-labelledby': titleId,
				'aria-describedby': wide ? null : bodyId,
				role: alert ? 'alertdialog' : null,
			},
			form,
		);
		const main = form.querySelector('.dialog-foot').lastElementChild;
		let answer = null;
		let isChecking = false;
		const choose = async (value) => {
			if (isChecking) return;
			isChecking = true;
			try {
				if (!(await check(value, dialog))) return;
				answer = value;
				dialog.close();
			} finally {
				isChecking = false;
			}
		};
		form.addEventListener('submit', (event) => {
			event.preventDefault();
			choose(main.value);
		});
		form.addEventListener('click', ({ target }) => {
			const pressed = target.closest('.dialog-foot button');
			if (pressed && pressed !== main) choose(pressed.value);
		});
		dialog.addEventListener('keydown', (event) => {
			if (!isPlainEnter(event) || event.target.closest(HANDLE_ENTER)) return;
			event.preventDefault();
			form.requestSubmit(main);
		});
		dialog.addEventListener('close', () => {
			dialog.remove();
			resolve(answer);
		});
		document.body.append(dialog);
		dialog.showModal();
		(form.querySelector(FIRST) ?? main).focus({ preventScroll: true });
	});
}

// Enter that confirms a word of an input method is none.
const isPlainEnter = ({ key, shiftKey, ctrlKey, altKey, metaKey, isComposing }) =>
	key === 'Enter' && !(shiftKey || ctrlKey || altKey || metaKey || isComposing);

function choiceButton({ value, text, kind = '' }, index, all) {
	const main = index === all.length - 1;
	return h('button', { class: `button ${kind || (main ? 'primary' : '')}`, type: main ? 'submit' : 'button', value }, text);
}

/**
 * Asks for confirmation with an optional reason.
 * @param {object} options
 * @param {string} options.name see ask()
 * @param {string} options.title
 * @param {(Node|string)[]} options.text
 * @param {string} options.action the label of the confirming button
 * @returns {Promise<string|null>} the reason, may be empty; null: declined
 */
export async function askReason({ name, title, text, action }) {
	const id = newId('reason');
	const input = h('textarea', {
		class: 'input',
		id,
		rows: 2,
		maxLength: 1000,
		autofocus: true,
		'aria-describedby': `${id}-hint`,
	});
	const body = [
		...text.map((each) => (typeof each === 'string' ? h('p', {}, each) : each)),
		h(
			'div',
			{},
			h('label', { class: 'label', htmlFor: id }, t('field.reason'), h('span', { class: 'quiet' }, ` ${t('field.optional')}`)),
			input,
			h('p', { class: 'hint', id: `${id}-hint` }, t('field.reason.hint')),
		),
	];
	const answer = await ask({
		name,
		title,
		body,
		choices: [
			{ value: 'no', text: t('action.cancel') },
			{ value: 'yes', text: action, kind: 'danger' },
		],
	});
	return answer === 'yes' ? input.value.trim() : null;
}
