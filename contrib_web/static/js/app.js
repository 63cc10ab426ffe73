/**
 * The entry point: session, shell, and the current page.
 *
 * Folders, each of which may import from those before it:
 * - model/: logic without DOM, network or clock
 * - client/: the API, the live stream, clocks and browser storage
 * - ui/: elements, dialogs and announcements
 * - parts/: components of pages
 * - pages/: the pages, and in pages/edit/ the modules of the edit page
 */
import { t } from './lang/texts.js';
import { Api, isOutage, Problem } from './client/api.js';
import { clock } from './client/clock.js';
import { DraftStore, personOf } from './client/draft-store.js';
import { sendDrafts } from './client/own-drafts.js';
import { chooseLanguage, chosenLanguage } from './client/settings.js';
import { Labels } from './client/labels.js';
import { h } from './ui/dom.js';
import { Live } from './client/live.js';
import { Reachability } from './client/reachability.js';
import { parse, paths } from './model/route.js';
import { explain } from './model/problem.js';
import { DraftsPage } from './pages/drafts.js';
import { EditPage } from './pages/edit.js';
import { HistoryPage } from './pages/history.js';
import { LocksPage } from './pages/locks.js';
import { OverviewPage } from './pages/overview.js';
import { RowsPage } from './pages/rows.js';
import { SessionsPage } from './pages/sessions.js';
import { SignInPage } from './pages/signin.js';
import { TablesPage } from './pages/tables.js';
import { askToSignOut } from './parts/draft-questions.js';
import { signInPanel } from './parts/sign-in.js';
import { Router } from './router.js';
import { Shell } from './shell.js';
import { announce, toast } from './ui/announce.js';
import { focusMayMove } from './ui/attention.js';
import { useLanguage } from './ui/language.js';
import { revealFocused } from './ui/reveal.js';
import { setTitle } from './ui/tab-title.js';
import { button, emptyState, loading } from './ui/widgets.js';

/**
 * @typedef {object} Page
 * @property {string} title of the document
 * @property {HTMLElement} element to show, after load()
 * @property {() => Promise<void>} [load] throws a Problem
 * @property {() => boolean|Promise<boolean>} [mayLeave] true at once without
 *   a question
 * @property {() => void} [close] ends its listeners
 */

/** Classes of the pages, by page of model/route.js. */
const PAGES = {
	tables: TablesPage,
	rows: RowsPage,
	edit: EditPage,
	locks: LocksPage,
	history: HistoryPage,
	drafts: DraftsPage,
	overview: OverviewPage,
	sessions: SessionsPage,
};

/** How long a page may take to send a draft itself, in milliseconds. */
const SENT_BY_PAGES = 60000;
/** How often a page looks whether a standby was promoted, in milliseconds. */
const PROMOTION = 30_000;
/** How long signing out waits for the release of a lock, in milliseconds. */
const RELEASE_TIME = 2000;

/**
 * The object passed to pages and parts as `app`. Events: `signedin` after
 * each sign-in, in this tab or another; `reachable` after an outage of
 * server or database.
 */
class App extends EventTarget {
	api = new Api();
	live = new Live(this.api.url('/events'));
	router = new Router();
	drafts = new DraftStore();
	/** Labels of rows in lists of several tables. */
	labels = new Labels(this.api);
	/** The session as the API returns it; null: not signed in. */
	session = null;
	/** The last address of each table's list, by table. */
	lists = new Map();
	/** The key of the row that was last open; the list focuses it. */
	lastRow = null;
	#shell = new Shell(this);
	#page = null;
	#shown = 0;
	/** Whether an outage keeps the session, or the page, from being shown. */
	#isWaiting = false;
	#hasFailed = false;
	// Whether the panel is shown, and the other user whom it names.
	#away = null;
	// Tells the other tabs that the session has changed.
	#tabs = new BroadcastChannel('locking-session');

	/**
	 * Resumes the session and shows the page of the address.
	 * @returns {Promise<void>}
	 */
	async start() {
		revealFocused();
		await useLanguage([chosenLanguage(), ...navigator.languages].filter(Boolean));
		this.api.timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
		this.router.addEventListener('show', ({ detail }) => this.#show(detail));
		this.router.guard(() => this.#page?.mayLeave?.() ?? true);
		this.api.addEventListener('signedout', () => this.#leaveSession(null));
		this.api.addEventListener('otheruser', ({ detail }) => this.#leaveSession(detail.owner));
		this.api.addEventListener('session', ({ detail }) => this.#resumeSession(detail));
		this.live.addEventListener('ended', () => this.checkSession());
		setInterval(() => this.#checkStandby(), PROMOTION);
		addEventListener('focus', () => this.#checkStandby());
		this.#tabs.addEventListener('message', () => this.checkSession());
		new Reachability(this.api).addEventListener('reachable', () => this.#reachable());
		this.drafts.addEventListener('unavailable', () => saysOnce());
		await this.#resume();
		this.router.start();
	}

	async #resume() {
		try {
			// `optional`: no session yet is not an error.
			const { data, sentAt } = await this.api.get('/session', { optional: true });
			if (!data) return;
			this.#become(data, sentAt);
			this.live.start();
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			this.#isWaiting = isOutage(error);
		}
	}

	async #reachable() {
		if (this.#isWaiting) {
			this.#isWaiting = false;
			if (!this.session) await this.#resume();
			await this.again();
		}
		this.dispatchEvent(new Event('reachable'));
	}

	/**
	 * Finds out whether the user is still signed in, and shows it.
	 * @returns {Promise<void>}
	 */
	async checkSession() {
		if (!this.session) return;
		await this.api.fetchSession().catch((error) => {
			if (!(error instanceof Problem)) throw error;
		});
	}

	// No event tells of the promotion of a standby.
	#checkStandby() {
		if (this.session?.read_only && !this.#away) this.checkSession();
	}

	/**
	 * @param {string} role
	 * @param {string} password
	 * @returns {Promise<void>}
	 * @throws {Problem} if role or password are wrong
	 */
	async signIn(role, password) {
		const { data, sentAt } = await this.api.post('/session', { role, password });
		this.#resumeSession({ data, sentAt });
		this.#tabs.postMessage('signed-in');
	}

	/**
	 * Signs out, unless the user stays on a page with unsaved text. This
	 * computer then keeps no drafts of the user; the server does.
	 * @returns {Promise<void>}
	 */
	async signOut() {
		if (this.#page?.mayLeave && !(await this.#page.mayLeave())) return;
		const person = personOf(this.session);
		const unsent = await sendDrafts(this.api, this.drafts, person);
		if (unsent.length && !(await askToSignOut(unsent))) return;
		this.#closePage();
		this.session = null; // so that a late answer does not ask to sign in
		await this.api.settle(RELEASE_TIME);
		await this.api.delete('/session').catch(() => {});
		await this.drafts.wipe(person);
		this.api.adopt(null);
		this.#tabs.postMessage('signed-out');
		this.live.stop();
		await this.router.go(paths.signin(), { ask: false });
	}

	/**
	 * Shows the pages in another language, unless the user stays on a page
	 * with unsaved text.
	 * @param {string} code
	 * @returns {Promise<void>}
	 */
	async speak(code) {
		if (this.#page?.mayLeave && !(await this.#page.mayLeave())) return;
		chooseLanguage(code);
		await useLanguage([code]);
		await this.router.go(location.pathname + location.search, { replace: true, ask: false });
	}

	#become(session, sentAt) {
		this.session = session;
		this.api.adopt(session);
		clock.set(session.server_time, sentAt);
		this.drafts.signedIn();
		sendDrafts(this.api, this.drafts, personOf(session), { olderThan: SENT_BY_PAGES });
		this.#shell.render();
	}

	// The page stays as it is, so that unsaved text is not lost.
	#leaveSession(other) {
		if (!this.session || (this.#away && this.#away.other === other)) return;
		this.#away = { other };
		this.#shell.panel(signInPanel(this, other));
	}

	// The user has signed in, here or in another tab.
	#resumeSession({ data, sentAt }) {
		const isSame = this.session?.csrf === data.csrf;
		const isPromoted = isSame && this.session.read_only && !data.read_only;
		this.#become(data, sentAt);
		if (isPromoted) this.again(); // a page that could only be read has no text
		if (isSame && !this.#away) return;
		this.#away = null;
		this.#shell.panel(null);
		this.live.start({ replace: true });
		this.dispatchEvent(new Event('signedin'));
		if (this.#hasFailed) this.again();
	}

	/**
	 * Moves the focus to the panel, at the user's wish.
	 * @returns {void}
	 */
	goToSignIn() {
		this.#shell.focusPanel();
	}

	async #show(route) {
		if (!this.session && route.page !== 'signin') {
			const next = route.page === 'home' ? null : location.pathname + location.search;
			return this.router.go(paths.signin({ next }), { replace: true, ask: false });
		}
		if (this.session && ['signin', 'home'].includes(route.page))
			return this.router.go(safeNext(route.query.next), { replace: true, ask: false });
		this.#closePage();
		const turn = ++this.#shown;
		return route.page === 'signin' ? this.#open(new SignInPage(this, route), turn) : this.#open(this.#make(route), turn);
	}

	#make(route) {
		const Page = PAGES[route.page];
		this.#shell.current(route);
		return Page ? new Page(this, route) : missing();
	}

	async #open(page, turn) {
		const isSignIn = page instanceof SignInPage;
		const mayFocus = focusMayMove();
		this.#page = page;
		this.#hasFailed = false;
		this.#shell.show(isSignIn ? page.element : h('div', {}, loading()), { bare: isSignIn });
		try {
			await page.load?.();
			if (turn !== this.#shown) return;
			this.#shell.show(page.element, { bare: isSignIn });
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			if (turn !== this.#shown) return;
			this.#isWaiting = isOutage(error);
			this.#hasFailed = true;
			this.#shell.show(this.#trouble(error));
			return mayFocus() && this.#shell.focus(turn > 1);
		}
		this.title(page.title);
		return mayFocus() && this.#shell.focus(turn > 1);
	}

	/**
	 * Sets the document's title and announces it.
	 * @param {string|null} text
	 * @returns {void}
	 */
	title(text) {
		setTitle(text ? t('page.title', { title: text }) : 'locking');
		if (text !== this.#said) announce(text ?? '');
		this.#said = text;
	}
	#said = null;

	#trouble({ status, problem }) {
		const { title, detail, advice } = explain(status, problem);
		const isFinal = status >= 400 && status < 500;
		const action = isFinal ? toTables() : button(t('action.try_again'), () => this.again(), { name: 'refresh' });
		this.title(title);
		return h(
			'div',
			{ class: 'card' },
			emptyState({ level: 'h1', name: 'warn', title, text: [detail, advice].filter(Boolean).join(' '), action }),
		);
	}

	/**
	 * Shows the current page again.
	 * @returns {Promise<boolean>} see Router.go()
	 */
	again() {
		return this.router.go(location.pathname + location.search, { replace: true });
	}

	#closePage() {
		this.#page?.close?.();
		this.#page = null;
	}
}

function saysOnce() {
	const said = 'locking.keepsNoDrafts';
	try {
		if (sessionStorage.getItem(said)) return;
		sessionStorage.setItem(said, 'yes');
	} catch {
		// Then it is said with each page.
	}
	toast(t('drafts.not_here'));
}

// Only other pages of locking-web: `next` comes from the address bar.
const safeNext = (next) => {
	const isPath = next && /^\/(?![/\\])/.test(next);
	return isPath && !['signin', 'missing'].includes(parse(next.split('?')[0]).page) ? next : paths.tables();
};

const toTables = () => h('a', { class: 'button', href: paths.tables() }, t('tables.all'));

function missing() {
	return {
		title: t('problem.not_found'),
		element: h(
			'div',
			{ class: 'card' },
			emptyState({
				level: 'h1',
				name: 'search',
				title: t('page.missing'),
				text: t('page.missing.text'),
				action: toTables(),
			}),
		),
	};
}

new App().start();
