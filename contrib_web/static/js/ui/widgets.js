/**
 * Elements that every page uses: buttons, banners, placeholders.
 */
import { t } from '../lang/texts.js';
import { h, icon } from './dom.js';

/**
 * A placeholder while content is loading, announced once.
 * @returns {HTMLElement}
 */
export const loading = () =>
	h(
		'div',
		{ class: 'loading', role: 'status' },
		h('span', {}),
		h('span', {}),
		h('span', {}),
		h('span', {}),
		h('div', { class: 'visually-hidden' }, t('page.loading')),
	);

/**
 * A placeholder for an empty list, or an error in place of a page.
 * @param {object} options
 * @param {string} [options.name] of the icon
 * @param {string} options.title
 * @param {string} [options.text]
 * @param {Node} [options.action] a link or button
 * @param {'h1'|'h2'} [options.level] of the title
 * @returns {HTMLElement}
 */
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
 * @typedef {object} BannerContent
 * @property {string} icon
 * @property {string} title
 * @property {string|(string|Node)[]} [text] a paragraph for each
 * @property {Node[]} [actions] buttons
 */

/**
 * A message in the flow of the page.
 * @param {'info'|'mine'|'theirs'|'warn'|'bad'} kind
 * @param {BannerContent} content
 * @returns {HTMLElement}
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

/**
 * A button that ignores clicks while its action is running, and while it is
 * disabled by setPressable().
 * @param {string|Node} text
 * @param {(event: Event) => any} act may be async
 * @param {object} [options]
 * @param {string} [options.kind] further classes
 * @param {string|null} [options.name] of an icon before the text
 * @param {string|null} [options.label] for screen readers, instead of the
 *   text
 * @returns {HTMLButtonElement}
 */
export function button(text, act, { kind = '', name = null, label = null } = {}) {
	const element = h(
		'button',
		{ class: `button ${kind}`, type: 'button', 'aria-label': label },
		name ? icon(name) : null,
		text,
	);
	element.addEventListener('click', async (event) => {
		if (element.getAttribute('aria-busy') === 'true' || element.getAttribute('aria-disabled') === 'true') return;
		element.setAttribute('aria-busy', 'true');
		try {
			await act(event);
		} finally {
			element.removeAttribute('aria-busy');
		}
	});
	return element;
}

/**
 * Disables buttons, or enables them again. They keep the focus, unlike with
 * `disabled`.
 * @param {Iterable<HTMLButtonElement>} buttons
 * @param {boolean} isPressable
 * @returns {void}
 */
export function setPressable(buttons, isPressable) {
	for (const each of buttons) each.setAttribute('aria-disabled', String(!isPressable));
}
