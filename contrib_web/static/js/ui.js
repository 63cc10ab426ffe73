/**
 * What speaks to the reader from outside of a page: announcements, toasts, questions.
 */
import { h, icon, newId } from './dom.js';

const TOAST = 6000;

const unsaid = { polite: [], urgent: [] };

/**
 * Says something to a screen reader; the same words twice are said twice. What comes together
 * is said together, or the last would silence the others.
 */
export function announce(text, { urgent = false } = {}) {
	const name = urgent ? 'urgent' : 'polite';
	const region = document.getElementById(name);
	unsaid[name].push(text);
	if (unsaid[name].length > 1) return;
	region.textContent = '';
	requestAnimationFrame(() => {
		region.textContent = unsaid[name].splice(0).join(' ');
	});
}

/** A short message that goes by itself; for what needs no answer. */
export function toast(text, { bad = false } = {}) {
	const element = h('div', { class: `toast${bad ? ' bad' : ''}` }, icon(bad ? 'warn' : 'check'), h('span', {}, text));
	document.getElementById('toasts').append(element);
	announce(text, { urgent: bad });
	setTimeout(() => element.remove(), TOAST);
}

/**
 * A modal question.
 * @param {object} options
 * @param {string} options.title
 * @param {(Node|string)[]} [options.body]
 * @param {{ value: string, text: string, kind?: string, autofocus?: boolean }[]} options.choices the last one is the
 *   main one; the focus goes to what comes first, if none asks for it
 * @param {boolean} [options.wide]
 * @param {(value: string, dialog: HTMLDialogElement) => boolean|Promise<boolean>} [options.check]
 *   false keeps the dialog open
 * @returns {Promise<string|null>} the choice; null if it was closed by Escape
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
 * A question with a reason.
 * @returns {Promise<string|null>} the reason, perhaps empty; null: no
 */
export async function askReason({
	title,
	text,
	action,
	kind = 'danger',
	label = 'Reason',
	hint = 'Kept in the history, where the former holder can read it.',
	no = 'Cancel',
}) {
	const id = newId('reason');
	const input = h('textarea', { class: 'input', id, rows: 2, maxLength: 1000, autofocus: true, 'aria-describedby': `${id}-hint` });
	const body = [
		...[text].flat().map((each) => (typeof each === 'string' ? h('p', {}, each) : each)),
		h(
			'div',
			{},
			h('label', { class: 'label', htmlFor: id }, label, h('span', { class: 'quiet' }, ' (optional)')),
			input,
			h('p', { class: 'hint', id: `${id}-hint` }, hint),
		),
	];
	const answer = await ask({
		title,
		body,
		choices: [
			{ value: 'no', text: no },
			{ value: 'yes', text: action, kind },
		],
	});
	return answer === 'yes' ? input.value.trim() : null;
}

/** Loading: grey lines, said once. */
export const loading = (text = 'Loading') =>
	h(
		'div',
		{ class: 'loading', role: 'status' },
		h('span', {}),
		h('span', {}),
		h('span', {}),
		h('span', {}),
		h('div', { class: 'visually-hidden' }, text),
	);

/** Nothing to show, or an error in the place of a page. */
export function emptyState({ name = 'info', title, text, action, level = 'h2' }) {
	return h(
		'div',
		{ class: 'empty' },
		icon(name),
		h(level, { tabIndex: -1 }, title),
		text ? h('p', {}, text) : null,
		action ?? null,
	);
}

/**
 * @param {'info'|'mine'|'theirs'|'warn'|'bad'} kind
 * @param {{ icon: string, title: string, text?: (string|Node)[], actions?: Node[] }} content
 */
export function banner(kind, { icon: name, title, text = [], actions = [] }) {
	const paragraphs = [text]
		.flat()
		.filter(Boolean)
		.map((part) => (typeof part === 'string' ? h('p', {}, part) : part));
	return h(
		'div',
		{ class: `banner ${kind}` },
		icon(name),
		h(
			'div',
			{},
			h('p', {}, h('strong', {}, title)),
			paragraphs,
			actions.length ? h('div', { class: 'button-row' }, actions) : null,
		),
	);
}

/** @param {Function} act may be async; the button is busy meanwhile */
export function button(text, act, { kind = '', name = null, label = null, type = 'button' } = {}) {
	const element = h('button', { class: `button ${kind}`, type, 'aria-label': label }, name ? icon(name) : null, text);
	if (act) {
		element.addEventListener('click', async (event) => {
			if (element.getAttribute('aria-busy') === 'true') return;
			element.setAttribute('aria-busy', 'true');
			try {
				await act(event);
			} finally {
				element.removeAttribute('aria-busy');
			}
		});
	}
	return element;
}
