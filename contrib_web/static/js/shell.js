/**
 * What surrounds every page: header with navigation, theme, and who is signed in.
 */
import { h, icon } from './dom.js';
import { paths } from './model/route.js';
import { button } from './ui.js';

const THEMES = ['', 'light', 'dark'];
const THEME_NAMES = { '': ['system', 'auto'], light: ['light', 'sun'], dark: ['dark', 'moon'] };

export class Shell {
	#app;
	#route = null;
	#main = h('main', { id: 'main', tabIndex: -1 });
	#header = h('header', { class: 'top' });

	constructor(app) {
		this.#app = app;
		app.live.addEventListener('state', () => this.#renderLive());
	}

	/** @param {{ page: string }} route which link is the current one */
	current(route) {
		this.#route = route;
		this.render();
	}

	render() {
		const { session } = this.#app;
		this.#header.replaceChildren(
			h('a', { class: 'brand', href: paths.tables() }, icon('logo'), 'locking'),
			h(
				'nav',
				{ 'aria-label': 'Pages' },
				h(
					'ul',
					{},
					this.#link('Tables', 'table', paths.tables(), ['tables', 'rows', 'edit']),
					this.#link('Locks', 'lock', paths.locks(), ['locks']),
					this.#link('History', 'history', paths.history(), ['history']),
				),
			),
			h('div', { class: 'top-end' }, this.#live, themeButton(), ...(session ? this.#who(session) : [])),
		);
		this.#renderLive();
	}

	/** @param {{ bare: boolean }} options bare: without header */
	show(element, { bare = false } = {}) {
		const root = document.getElementById('app');
		if (bare) root.replaceChildren(this.#main);
		else root.replaceChildren(this.#header, this.#main);
		this.#main.className = bare ? 'signin-page' : '';
		this.#main.replaceChildren(element);
		scrollTo(0, 0);
	}

	/** After a change of page, where a reader goes on reading. */
	focus(moved) {
		const heading = this.#main.querySelector('h1');
		const wanted = this.#main.querySelector('[data-autofocus]');
		if (wanted) wanted.focus();
		else if (moved) (heading ?? this.#main).focus({ preventScroll: true });
	}

	#live = h('span', { class: 'live', role: 'status' }, h('span', {}));

	#renderLive() {
		const { on } = this.#app.live;
		this.#live.dataset.state = on ? 'on' : 'off';
		this.#live.firstChild.textContent = on ? 'Live' : 'Not live';
		this.#live.title = on ? 'What others do appears by itself' : 'Reconnecting; what is shown may be old';
	}

	#link(text, name, href, pages) {
		const isCurrent = pages.includes(this.#route?.page);
		return h('li', {}, h('a', { href, 'aria-current': isCurrent ? 'page' : null }, icon(name), text));
	}

	#who({ owner, owner_name: name, database, proxy }) {
		const who = h('div', { class: 'who' }, h('strong', { title: owner }, name || owner), h('span', {}, database));
		const out = button('', () => this.#app.signOut(), { kind: 'plain icon-only', name: 'sign-out', label: 'Sign out' });
		out.title = 'Sign out';
		return proxy ? [who] : [who, out];
	}
}

/** Goes round: as the system, light, dark. */
export function themeButton() {
	const root = document.documentElement;
	const element = button(
		'',
		() => {
			const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? '') + 1) % THEMES.length];
			if (next) root.dataset.theme = next;
			else delete root.dataset.theme;
			try {
				localStorage.setItem('locking.theme', next);
			} catch {
				// It holds until the next load then.
			}
			render();
		},
		{ kind: 'plain icon-only' },
	);
	const render = () => {
		const [name, picture] = THEME_NAMES[root.dataset.theme ?? ''];
		element.replaceChildren(icon(picture));
		element.setAttribute('aria-label', `Theme: ${name}`);
		element.title = `Theme: ${name}`;
	};
	render();
	return element;
}
