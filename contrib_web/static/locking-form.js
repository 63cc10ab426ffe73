/**
 * <locking-form>: locks a row while an existing form edits it.
 *
 *   <script type="module"
 *       src="https://locks.example.org/static/locking-form.js"></script>
 *   <locking-form table="article" key="42">
 *       <form method="post" action="/articles/42"> ... </form>
 *   </locking-form>
 *
 * A bar above the form says who has the row and for how long, and has the
 * buttons for it: ask, hand over, take over, restore a draft, keep the lock.
 * The form can be edited only while the page holds the lock; its text can
 * always be selected and copied. With the attribute `inert` it is closed also
 * if this script cannot be loaded. The form is sent with the lock's token, as
 * the hidden field locking_token: a text, which the application passes to
 * locking.confirm() in the transaction that saves.
 *
 * What is typed is kept as a draft, on this computer and on the server.
 * forgetDrafts() removes those of this computer, when the user signs out.
 *
 * Its texts are in the language of the document (`<html lang>`).
 *
 * Attributes, events and methods are described in doc/locking-js.md.
 */
import { loadTexts, t } from './js/lang/texts.js';
import { Fields } from './js/embed/fields.js';
import { append, requestSubmit } from './js/embed/form-parts.js';
import { fillForm, isSame, readForm, toDraft } from './js/embed/form-draft.js';
import { FormDrafts, storeOf } from './js/embed/form-drafts.js';
import { NoticeBar } from './js/embed/notice-bar.js';
import { Problem } from './js/client/api.js';
import { clock } from './js/client/clock.js';
import { isTimed, noticeOf } from './js/model/embed-view.js';
import { RowLock } from './locking.js';

export { setTexts } from './js/lang/texts.js';

/** The origin that this module is from, with the path before /static/. */
const HERE = new URL('..', import.meta.url).href.replace(/\/$/, '');
/** Events of the lock that say why the page cannot lock. */
const FAULTS = ['signedout', 'othersite', 'wrongorigin', 'refused', 'unanswered'];
/** Events of the lock that the element passes on. */
const PASSED = ['state', 'request', 'declined', 'people', 'unprotected', ...FAULTS];
/**
 * Those that may end by themselves. A proxy's answer in place of locking-web
 * has no word about origins either.
 */
const WAITING = ['signedout', 'wrongorigin', 'unanswered'];
/** Phases after which the row may have changed since the form was read. */
const WAITED = ['blocked', 'elsewhere', 'free', 'lost'];
/** Milliseconds after which an answer is asked for again. */
const RETRY = 10_000;

/** How long a form that is sent waits for its draft, in milliseconds. */
const PATIENCE = 1000;

/**
 * Removes the drafts of a user from this computer, who signs out of the
 * application. The server keeps its own.
 * @param {string} owner as locking-web names the user
 * @param {string} [base] as the attribute
 * @returns {Promise<void>}
 */
export const forgetDrafts = (owner, base = HERE) => storeOf(base).wipeOwner(owner);

/**
 * Events: those of RowLock, which do not bubble, and
 * - `reread`: another user may have saved since the page read the row, and
 *   nothing unsaved is in the form, or the user has agreed to read it again.
 *   The page is reloaded, unless the event is canceled: then the application
 *   fills the form anew and calls refreshed()
 */
export class LockingForm extends HTMLElement {
	static observedAttributes = ['table', 'key', 'base'];

	#bar;
	#lock = null;
	#fields = null;
	#token = null;
	#stop = null;
	#stopTicks = null;
	#original = {};
	#drafts = null;
	#draft = null;
	#declined = null;
	#hasWaited = false;
	#hasOffered = false;
	#isStale = false;
	#reason = null;
	#phase = null;
	#problem = null;
	#resend = null;
	#isKeeping = false;
	#mayPass = false;
	// As the user has last changed the form
	#input = null;
	#isFilledAnew = false;

	constructor() {
		super();
		this.#bar = new NoticeBar(this.attachShadow({ mode: 'open' }));
		this.#bar.addEventListener('action', ({ detail }) => this.#act(detail));
	}

	/** @returns {RowLock|null} null: the element is not in a document */
	get lock() {
		return this.#lock;
	}
	/** @returns {string|null} the fencing token; null: no lock is held */
	get token() {
		return this.#lock?.token ?? null;
	}
	/** @returns {boolean} whether the form may be edited now */
	get mayEdit() {
		return (this.#lock?.mayEdit ?? false) && !this.#isStale;
	}
	/** @returns {HTMLFormElement|null} the form */
	get form() {
		return this.querySelector('form');
	}
	/** @returns {boolean} whether the form has unsaved input */
	get isDirty() {
		return this.form !== null && !isSame(readForm(this.form), this.#original);
	}

	connectedCallback() {
		this.#begin();
	}
	disconnectedCallback() {
		this.#end();
	}
	attributeChangedCallback(name, before, now) {
		if (!this.isConnected || !this.#lock || before === now) return;
		this.#end({ isFilledAnew: true });
		this.#begin();
	}

	/**
	 * Reports that the application has saved the form by a script.
	 * @param {object} [answer]
	 * @param {boolean} [answer.released] whether the save released the lock;
	 *   otherwise the page keeps it
	 * @returns {void}
	 */
	saved({ released = true } = {}) {
		this.#original = readForm(this.form);
		this.#input = null;
		this.#drafts.ended();
		if (released) this.#lock.saved({ released });
		else this.#lock.use();
		this.#dropDraft(this.#lock);
		this.#show();
	}
	/**
	 * Reports that the form has the row's values anew.
	 * @returns {void}
	 */
	refreshed() {
		this.#original = readForm(this.form);
		this.#input = null;
		this.#isStale = false;
		if (this.token !== null) this.#offerDraft();
		this.#show();
	}

	/* Beginning and end */

	#begin() {
		this.#stop = new AbortController();
		this.#fields = new Fields(this);
		this.#fields.isOpen = false;
		this.#hasWaited = this.#isStale = this.#hasOffered = this.#isFilledAnew = false;
		this.#draft = this.#declined = this.#problem = this.#reason = this.#input = null;
		this.#lock = this.#newLock();
		this.#drafts = new FormDrafts(this.#lock, { server: this.#base, ...this.#row });
		this.#listen(this.#stop.signal);
		// The form is parsed after the element that wraps it.
		if (document.readyState === 'loading')
			document.addEventListener('DOMContentLoaded', () => this.#start(), { signal: this.#stop.signal });
		else this.#start();
		this.#show();
		this.inert = false; // now the controls themselves are closed
	}

	// An application that shows another row has filled the form before: what
	// was typed is no longer in it.
	#end({ isFilledAnew = false } = {}) {
		this.#isFilledAnew = isFilledAnew;
		this.#stop.abort();
		this.#stopTicks?.();
		this.#stopTicks = null;
		this.#lock.leave();
		this.#lock = null;
		this.#token?.remove();
		this.#token = null;
		this.#fields.stop();
	}

	#newLock() {
		return new RowLock({
			base: this.#base,
			...this.#row,
			lockOn: this.getAttribute('lock-on') === 'change' ? 'change' : 'open',
			note: this.getAttribute('note'),
			idleLimit: Number(this.getAttribute('idle-limit') ?? 3600),
			presence: this.hasAttribute('presence'),
			draft: () => this.#unsaved(),
		});
	}

	get #base() {
		return this.getAttribute('base') ?? HERE;
	}
	get #row() {
		return { table: this.getAttribute('table') ?? '', key: this.getAttribute('key') ?? '' };
	}

	async #start() {
		const lock = this.#lock;
		this.#original = this.form ? readForm(this.form) : {};
		try {
			await lock.start();
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
		}
	}

	#listen(signal) {
		for (const type of PASSED)
			this.#lock.addEventListener(type, ({ detail }) => this.#pass(type, detail), { signal });
		this.#lock.addEventListener('reread', () => this.#reread(), { signal });
		// Controls outside can belong to the form by their attribute.
		this.getRootNode().addEventListener('input', (event) => this.#typed(event), { signal });
		this.addEventListener('reset', () => setTimeout(() => this.#changedByUser()), { signal });
		this.addEventListener('submit', (event) => this.#mayBeSent(event), { signal, capture: true });
		this.addEventListener('submit', (event) => this.#sent(event), { signal });
		addEventListener('focus', () => this.#retry(), { signal });
		addEventListener('online', () => this.#retry(), { signal });
		const timer = setInterval(() => this.#retry(), RETRY);
		signal.addEventListener('abort', () => clearInterval(timer));
	}

	// A sign-in in another tab, or a server that answers again
	#retry() {
		const { fault, state } = this.#lock;
		if (WAITING.includes(fault)) this.#start();
		else if (state.trouble === 'signed_out') this.#lock.wake();
	}

	#pass(type, detail) {
		if (type === 'declined') this.#declined = detail;
		if (FAULTS.includes(type)) this.#reason = detail.problem ?? null;
		if (type === 'state') this.#changed(detail);
		else this.#show();
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	#changed({ phase }) {
		if (phase !== this.#phase) this.#problem = null;
		this.#phase = phase;
		if (WAITED.includes(phase)) this.#hasWaited = true;
		if (phase !== 'left' && this.#lock.isDrafted) this.#drafts.sent();
		if (phase !== 'held') this.#hasOffered = false;
		else if (!this.#hasOffered) this.#offerDraft();
		this.#show();
		this.#sendAgain();
	}

	/* Typing, drafts and sending */

	#typed({ target }) {
		const isInside = this.contains(target) && target.closest('form') !== null;
		if (!isInside && !(target.form && target.form === this.form)) return;
		this.#changedByUser();
		this.#lock.type(target.name ?? '');
	}

	#unsaved() {
		const values = this.#isFilledAnew || !this.form ? this.#input : readForm(this.form);
		return values && !isSame(values, this.#original) ? toDraft(values) : null;
	}

	#changedByUser() {
		if (!this.#lock) return;
		this.#input = readForm(this.form);
		this.#drafts.keep(this.#unsaved() && this.#input);
		this.#lock.change();
	}

	// The latest draft of another page, also beside text that was typed
	// meanwhile
	async #offerDraft() {
		const drafts = this.#drafts;
		this.#hasOffered = true;
		try {
			const others = await drafts.others((values) => isSame(values, this.#original));
			if (drafts !== this.#drafts) return;
			this.#draft = others.find((draft) => this.#isWorthOffering(draft)) ?? null;
			this.#show();
		} catch (error) {
			this.#hasOffered = false;
			if (!(error instanceof Problem)) throw error;
		}
	}

	#isWorthOffering({ values }) {
		return this.form !== null && !isSame(values, this.#original) && !isSame(values, readForm(this.form));
	}

	// What is in the form stays as a draft, whatever the form is filled with
	// next.
	async #setAside() {
		await this.#lock.keepDraft();
		this.#drafts.setAside();
	}

	// The application may have discarded it with the save.
	async #dropDraft(lock) {
		try {
			await lock.discardDraft(lock.draftClient);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
		}
	}

	// The hidden field of the form that is sent
	#sendToken() {
		const { form } = this;
		if (!form) return;
		if (!this.#token) {
			this.#token = document.createElement('input');
			this.#token.type = 'hidden';
			this.#token.name = this.getAttribute('token-name') ?? 'locking_token';
		}
		if (this.#token.form !== form) append(form, this.#token);
		this.#token.value = this.token ?? '';
	}

	// Before the application's own listeners. A form that may be edited, but
	// has no lock yet, is sent once it has it; and one with input of which
	// the server has no draft yet, once it has that: if the application
	// discards the draft, it is known to be saved.
	#mayBeSent(event) {
		const isReady = this.mayEdit && this.token !== null;
		if (isReady && (this.#mayPass || !this.#unsaved() || this.#lock.isDrafted)) return;
		event.preventDefault();
		event.stopImmediatePropagation();
		if (!this.mayEdit) return;
		const { submitter, target } = event;
		const resend = () => requestSubmit(target, submitter);
		if (isReady) this.#keepAndSend(resend);
		else {
			this.#resend = resend;
			this.#lock.change();
		}
	}

	async #keepAndSend(resend) {
		if (this.#isKeeping) return;
		this.#isKeeping = true;
		await Promise.race([this.#lock.keepDraft().catch(() => {}), new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]);
		this.#isKeeping = false;
		if (!this.mayEdit) return;
		this.#mayPass = true;
		resend();
		this.#mayPass = false;
	}

	// A form that the application sends by a script reports by saved().
	#sent({ defaultPrevented, target }) {
		if (defaultPrevented || target.method === 'dialog') return;
		this.#drafts.submitted();
		this.#lock.submitted();
	}

	#sendAgain() {
		if (!this.#resend || this.token === null) return;
		const resend = this.#resend;
		this.#resend = null;
		if (this.mayEdit) resend();
	}

	/* The row as it is now */

	// The first lock of a page comes right after the page: only if another
	// user had the row in between may the form be out of date.
	#reread() {
		if (!this.#hasWaited || this.token === null) return;
		this.#hasWaited = false;
		this.#isStale = true;
		if (!this.isDirty) this.#readAgain();
		this.#show();
	}

	// By the application, or else with the whole page
	#readAgain() {
		if (this.dispatchEvent(new Event('reread', { cancelable: true }))) location.reload();
	}

	/* Showing */

	#show() {
		if (!this.#lock) return;
		this.#sendToken();
		const view = this.#view();
		this.#fields.isOpen = this.mayEdit;
		this.#bar.show(noticeOf(view));
		this.#tick(isTimed(view));
	}

	#view() {
		const lock = this.#lock;
		return {
			state: lock.state,
			isStarted: lock.isStarted,
			fault: lock.fault,
			reason: this.#reason,
			host: new URL(this.#base, location.href).host,
			secondsLeft: lock.secondsLeft,
			requests: lock.requests ?? [],
			people: lock.people ?? [],
			draft: this.#draft,
			isStale: this.#isStale,
			isDirty: this.isDirty,
			isDrafted: lock.isDrafted,
			problem: this.#problem,
			mayTakeOver: lock.session?.may?.take_over ?? false,
			declined: this.#declined,
		};
	}

	#tick(isTicking) {
		if (isTicking === (this.#stopTicks !== null)) return;
		this.#stopTicks?.();
		this.#stopTicks = isTicking ? clock.everySecond(() => this.#show()) : null;
	}

	/* Buttons */

	async #act(name) {
		this.#problem = null;
		try {
			await this.#actions[name]();
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			this.#problem = error;
			this.#lock?.wake();
		}
		this.#show();
	}

	#actions = {
		start: () => this.#start(),
		signIn: () => open(`${this.#base}/signin`, '_blank', 'noopener'),
		use: () => this.#lock.use(),
		wake: () => this.#lock.wake(),
		again: () => this.#lock.again(),
		control: () => this.#lock.control(),
		reload: async () => {
			if (this.isDirty) await this.#setAside();
			this.#readAgain();
		},
		keepForm: () => {
			this.#isStale = false;
		},
		withdraw: () => this.#lock.withdraw(),
		handOver: () => this.#lock.handOver(this.#asker?.owner ?? null),
		ask: async () => {
			const message = await this.#bar.question({ label: t('field.message'), answer: t('action.ask') });
			if (message !== null) await this.#lock.ask(message || null);
		},
		decline: async () => {
			const { owner } = this.#asker;
			const message = await this.#bar.question({ label: t('field.answer'), answer: t('action.decline') });
			if (message !== null) await this.#lock.decline(owner, message || null);
		},
		takeOver: async () => {
			const reason = await this.#bar.question({ label: t('field.reason'), answer: t('action.take_over') });
			if (reason !== null) this.#lock.takeOver(reason || null);
		},
		restore: async () => {
			const draft = this.#draft;
			if (this.isDirty) await this.#setAside();
			this.#draft = null;
			fillForm(this.form, draft.values);
			await this.#lock.keepDraft();
			await this.#drafts.discard(draft);
			await this.#offerDraft();
		},
		discard: async () => {
			const draft = this.#draft;
			this.#draft = null;
			await this.#drafts.discard(draft);
			await this.#offerDraft();
		},
	};

	get #asker() {
		return (this.#lock.requests ?? []).find((request) => !request.is_mine);
	}
}

await loadTexts();
customElements.define('locking-form', LockingForm);
