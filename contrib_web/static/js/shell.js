/**
 * The frame around every page: header with navigation, language, theme and
 * user.
 */
import { t } from './lang/texts.js';
import { paths } from './model/route.js';
import { avatar } from './parts/person.js';
import { languageChoice } from './parts/language-choice.js';
import { themeButton } from './parts/theme-button.js';
import { h, icon } from './ui/dom.js';
import { keepFocus } from './ui/keep-focus.js';
import { button } from './ui/widgets.js';

/** Width at which the navigation has a line of its own; as in layout.css. */
const NARROW = '(max-width: 720px)';

/** The frame, in the element `app` of index.html. */
export class Shell {
	#app;
	#route = null;
	#main = h('main', { id: 'main', tabIndex: -1 });
	#beside = h('div', { class: 'beside' });
	#header = h('header', { class: 'top' });
	#narrow = matchMedia(NARROW);

	/** @param {object} app */
	constructor(app) {
		this.#app = app;
		app.live.addEventListener('state', () => this.#renderLive());
		this.#narrow.addEventListener('change', () => this.render());
	}

	/**
	 * Marks the current page in the navigation.
	 * @param {{ page: string }} route
	 * @returns {void}
	 */
	current(route) {
		this.#route = route;
		this.render();
	}

	/**
	 * Draws the header.
	 * @returns {void}
	 */
	render() {
		const { session } = this.#app;
		const brand = h('a', { class: 'brand', href: paths.tables() }, icon('logo'), 'locking');
		const end = h('div', { class: 'top-end' }, this.#live, languageChoice(this.#app), themeButton(), ...(session ? this.#who(session) : []));
		const nav = this.#navigation(session);
		// Tab goes from one to the next as they are seen.
		const content = this.#narrow.matches ? [brand, end, nav] : [brand, nav, end];
		keepFocus(this.#header, () => this.#header.replaceChildren(...content));
		this.#renderLive();
	}

	#navigation(session) {
		return h(
			'nav',
			{ 'aria-label': t('page.pages') },
			h(
				'ul',
				{},
				this.#link(t('tables.title'), 'table', paths.tables(), ['tables', 'rows', 'edit']),
				this.#link(t('locks.title'), 'lock', paths.locks(), ['locks']),
				this.#link(t('history.title'), 'history', paths.history(), ['history']),
				this.#link(t('drafts.title'), 'editing', paths.drafts(), ['drafts']),
				session?.may.monitor ? this.#link(t('overview.title'), 'gauge', paths.overview(), ['overview']) : null,
			),
		);
	}

	/**
	 * Shows a page.
	 * @param {HTMLElement} element
	 * @param {{ bare?: boolean }} [options] bare: without the header
	 * @returns {void}
	 */
	show(element, { bare = false } = {}) {
		const root = document.getElementById('app');
		const parts = bare ? [this.#main] : [this.#header, this.#main, this.#beside];
		// Only then: what is put into the document again loses the focus.
		if (parts.length !== root.children.length || parts.some((part) => !root.contains(part))) root.replaceChildren(...parts);
		this.#main.className = bare ? 'signin-page' : '';
		this.#main.replaceChildren(element);
		scrollTo(0, 0);
	}

	/**
	 * Shows a panel beside the page, whichever it is.
	 * @param {HTMLElement|null} element null: none
	 * @returns {void}
	 */
	panel(element) {
		keepFocus(this.#beside, () => this.#beside.replaceChildren(...(element ? [element] : [])));
	}

	/**
	 * Moves the focus into the panel.
	 * @returns {void}
	 */
	focusPanel() {
		this.#beside.querySelector('input:not([readonly]), button')?.focus();
	}

	/**
	 * Moves the focus into a new page, unless it is in the panel.
	 * @param {boolean} moved whether another page was shown before
	 * @returns {void}
	 */
	focus(moved) {
		if (this.#beside.contains(document.activeElement)) return;
		const heading = this.#main.querySelector('h1');
		const wanted = this.#main.querySelector('[data-autofocus]');
		if (wanted) wanted.focus();
		else if (moved) (heading ?? this.#main).focus({ preventScroll: true });
	}

	#live = h('span', { class: 'live', role: 'status' }, h('span', {}));

	// Nobody changes a database that is read-only; what its primary changes
	// is not told here.
	#renderLive() {
		const { live, session } = this.#app;
		const [state, words, title] = session?.read_only
			? ['read-only', t('live.read_only'), t('live.read_only.text')]
			: live.on
				? ['on', t('live.on'), t('live.on.text')]
				: ['off', t('live.off'), t('live.off.text')];
		this.#live.dataset.state = state;
		this.#live.firstChild.textContent = words;
		this.#live.title = title;
	}

	#link(text, name, href, pages) {
		const isCurrent = pages.includes(this.#route?.page);
		return h('li', {}, h('a', { href, 'aria-current': isCurrent ? 'page' : null }, icon(name), text));
	}

	#who({ owner, owner_name: name, database, proxy }) {
		const who = h(
			'a',
			{ class: 'who', href: paths.sessions(), title: t('sessions.of', { who: name || owner }) },
			h('strong', {}, name || owner),
			h('span', {}, database),
		);
		const picture = avatar({ owner, owner_name: name });
		const out = button('', () => this.#app.signOut(), { kind: 'plain icon-only', name: 'sign-out', label: t('action.sign_out') });
		out.title = t('action.sign_out');
		return proxy ? [picture, who] : [picture, who, out];
	}
}
