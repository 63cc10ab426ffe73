/**
 * locking.js: locks a row while a page edits it. Used by the pages of
 * locking-web, and by edit pages of other sites that may access locking-web
 * (same site, or --allow-origin):
 *
 *   import { RowLock } from 'https://locks.example.org/static/locking.js';
 *
 *   // In the page <form inert>: it stays closed if this file is not loaded.
 *   const lock = new RowLock({
 *       base: 'https://locks.example.org', table: 'article', key: '42',
 *       draft: () => Object.fromEntries(new FormData(form)),
 *   });
 *   const show = ({ phase, holder }) => {
 *       // Text that is read-only can be selected and copied.
 *       for (const field of form.elements)
 *           field[field.type.startsWith('text') ? 'readOnly' : 'disabled']
 *               = !lock.mayEdit;
 *       note.textContent = phase === 'blocked'
 *           ? `Locked by ${holder.owner}` : '';
 *   };
 *   show(lock.state); // until the lock is there, the form is closed
 *   form.inert = false;
 *   lock.addEventListener('state', ({ detail }) => show(detail));
 *   lock.addEventListener('signedout', () => { ... });
 *   form.addEventListener('input', () => lock.change());
 *   await lock.start();
 *   // To save, send lock.token to the server, which passes it to
 *   // locking.confirm() in the saving transaction. Afterwards:
 *   lock.saved({ released: true });
 *
 * <locking-form> (locking-form.js) does all this for an existing form. Both
 * are described in doc/locking-js.md.
 */
import { Api, Problem, rowPath, tablePath } from './js/client/api.js';
import { bothClocks, slept } from './js/client/clock.js';
import { faultOf } from './js/client/fault.js';
import { Live } from './js/client/live.js';
import { Presence } from './js/client/presence.js';
import { lockEnding } from './js/model/lock-ending.js';
import { initial, mayEdit, step, timeLeft, wakeAt } from './js/model/lock-session.js';
import { others } from './js/model/presence.js';
import { tabId } from './js/client/tab-id.js';

/** Events of the page that count as use of it. */
const USE = ['pointerdown', 'keydown', 'wheel', 'input'];
/** Shortest time between two uses that count, in milliseconds. */
const USE_EVERY = 1000;
/** How many events of the row are searched for the end of a lost lock. */
const HISTORY = 100;
/** Events of the queue of requests. */
const QUEUE = ['requested', 'withdrawn', 'declined'];
/** Phases in which the queue concerns the page. */
const QUEUED = ['held', 'blocked', 'lost'];
/** The longest delay that setTimeout() accepts, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * @typedef {object} Lock a row's lock as the API returns it
 * @property {string} table as SQL writes it
 * @property {string} key
 * @property {string} owner
 * @property {string|null} owner_name the owner's display name
 * @property {boolean} is_mine whether the owner is the session's
 * @property {string|null} client the owner's tab or device
 * @property {string|null} note
 * @property {number} seconds_left until it ends
 * @property {string} [token] of the session's own locks
 */

/**
 * @typedef {object} Loss
 * @property {string} cause `released`, `handed_over`, `given` (handed over in
 *   this page), `given_away` (the same, while the page was not used),
 *   `expired`, `broken`,
 *   `taken_over`, `moved` (to another tab) or `ended` (not known how)
 * @property {boolean} isExplained false until the history has been read
 * @property {{ name: string, isMe: boolean }|null} by who ended the lock, or
 *   whom it was handed over to
 * @property {string|null} reason
 * @property {string[]} since names of other users who have locked the row
 *   since
 * @property {boolean} isChanged whether the server says that the row has been
 *   changed since
 */

/**
 * @typedef {object} Request for the row
 * @property {string} owner who made it
 * @property {string|null} owner_name the owner's display name
 * @property {string|null} message
 * @property {string} requested_at ISO
 * @property {number} place in the queue, from 1
 * @property {boolean} is_mine whether it is the session's
 */

/**
 * @typedef {object} State see initial() in js/model/lock-session.js
 * @property {'idle'|'acquiring'|'held'|'expired'|'lost'|'blocked'|'elsewhere'
 *   |'free'|'refused'|'left'} phase
 * @property {string|null} token of the lock held: a number of up to 19
 *   digits, as text
 * @property {boolean} warned whether the lock is about to end
 * @property {number} endsAt of the lock held, by performance.now()
 * @property {(Lock & { endsAt: number })|null} holder of a lock that is not
 *   this page's
 * @property {Loss|null} loss how the lock was lost
 * @property {boolean} isGiving whether the row is handed over soon to a user
 *   who requested it, since the page is not used
 * @property {{ status: number, problem: object }|null} refusal why the row
 *   cannot be locked
 * @property {'offline'|'busy'|'refused'|'signed_out'|null} trouble why
 *   requests about the lock fail; they are repeated
 * @property {{ status: number, problem: object }|null} failure the answer
 *   behind `trouble`; status 0: none
 * @property {number|null} changedAt of the first change that no draft has, by
 *   performance.now()
 * @property {{ status: number, problem: object }|null} draftRefusal why the
 *   server does not keep the draft (too long, half a character); the lock is
 *   kept all the same
 */

/**
 * The lock of one row for one page. Errors of requests do not throw; they
 * appear in the state (`trouble`, `refusal`, `loss`).
 *
 * Events:
 * - `state` (CustomEvent, detail: State): the state has changed
 * - `reread`: the row may have changed, so read it again
 * - `request` (CustomEvent, detail: Request[]): the queue of requests has
 *   changed
 * - `declined` (CustomEvent, detail: { message: string|null }): the holder
 *   has declined this user's request
 * - `people` (CustomEvent, detail: Person[]): others have opened or left the
 *   row, or changed their state; with the option `presence`
 * - `unprotected` (CustomEvent, detail: { problem }): the row cannot be
 *   locked, because its table is not protected (any more). The form stays
 *   closed, unless the page calls unprotected()
 *
 * Until start() has succeeded, the form may not be edited. If it cannot, one
 * of these events says why (CustomEvent, detail: { problem }):
 * - `signedout`: there is no session. Also later, when it has ended
 * - `othersite`: the page is of another site, where browsers do not send the
 *   session's cookie
 * - `wrongorigin`: locking-web does not allow the page's origin
 * - `refused`: the session is refused for another reason
 * - `unanswered`: there is no answer
 */
export class RowLock extends EventTarget {
	#api;
	#live;
	#ownsLive;
	#base;
	#isStarted = false;
	#isSubmitted = false;
	#changedEarly = false;
	#fault = null;
	#session = null;
	#table;
	#key;
	#known;
	#client;
	#note;
	#draft;
	#draftClient;
	#hasDraft = false;
	#queue = [];
	#declined = null;
	#hasAsked = false;
	#reading = false;
	#readsAgain = false;
	#hasPresence;
	#presence = null;
	#drafting = null;
	#saving = null;
	#state;
	#timer = null;
	#clocks = bothClocks();
	#usedAt = -Infinity;
	#stop = new AbortController();

	/**
	 * @param {object} options
	 * @param {string} options.table as SQL writes it
	 * @param {string|null} options.key the row's primary key as text; null: a
	 *   new row, which cannot be locked, but has drafts
	 * @param {string} [options.base] origin and base path of locking-web;
	 *   default: of the one that serves this file, otherwise the page's own
	 *   origin
	 * @param {'open'|'change'|'never'} [options.lockOn] when to lock: in
	 *   start(), with the first change(), or not at all
	 * @param {number} [options.ttl] duration of a lock in seconds, if known;
	 *   the first response replaces it
	 * @param {number} [options.warning] seconds without renewal until a
	 *   warning
	 * @param {number} [options.idleLimit] seconds for which a page that is
	 *   visible, or has unsaved input, keeps the lock without being used;
	 *   default: 3600
	 * @param {() => any} [options.draft] returns the unsaved input, as JSON,
	 *   which is kept on the server; null: nothing to keep, so what was kept
	 *   is discarded; undefined: nothing to send now
	 * @param {string} [options.draftClient] identifies the drafts, of which
	 *   each client has its own; default: client
	 * @param {string|null} [options.note] shown to users who find the row
	 *   locked
	 * @param {string} [options.client] identifies the tab; default: random
	 * @param {boolean} [options.presence] whether to tell others that the
	 *   user has the row open, and to learn of them
	 * @param {Api} [options.api] to share one
	 * @param {Live} [options.live] to share one; start() and leave() then
	 *   do not close it
	 */
	constructor({
		table,
		key,
		base,
		lockOn = 'open',
		ttl,
		warning,
		idleLimit,
		draft = () => null,
		note = null,
		client = tabId,
		draftClient = client,
		presence = false,
		api,
		live,
	}) {
		super();
		this.#api = api ?? new Api(base);
		this.#live = live ?? new Live(this.#api.url('/events'));
		this.#ownsLive = !live;
		this.#base = base;
		this.#table = table;
		this.#key = key;
		this.#known = { table, key };
		this.#client = client;
		this.#note = note;
		this.#draft = draft;
		this.#draftClient = draftClient;
		this.#hasPresence = presence && key !== null;
		this.#state = initial({ lockOn, client, ttl, warning, idleLimit });
	}

	/** @returns {State} */
	get state() {
		return this.#state;
	}
	/** @returns {string|null} the fencing token; null: no lock is held */
	get token() {
		return this.#state.token;
	}
	/** @returns {boolean} whether the form may be edited now */
	get mayEdit() {
		return this.#isStarted && mayEdit(this.#state);
	}
	/** @returns {boolean} whether start() has succeeded */
	get isStarted() {
		return this.#isStarted;
	}
	/**
	 * @returns {import('./js/client/fault.js').Fault|null} why start() has
	 *   failed
	 */
	get fault() {
		return this.#fault;
	}
	/**
	 * @returns {object|null} the session, as the API returns it, also after
	 *   it has begun anew; null: not known yet, or known to the page
	 */
	get session() {
		return this.#session;
	}
	/**
	 * @returns {number} seconds until the lock held, or the holder's, ends
	 */
	get secondsLeft() {
		return timeLeft(this.#state, performance.now()) / 1000;
	}

	/**
	 * @returns {import('./js/model/presence.js').Person[]} other users who
	 *   have the row open
	 */
	get people() {
		return others(this.#presence?.people ?? [], this.#api.owner);
	}

	/** @returns {Request[]} the queue of requests for the row */
	get requests() {
		return this.#queue;
	}

	/**
	 * Locks the row and keeps the lock while the page is used or seen, or
	 * hidden with unsaved input. From now on the lock is released when the
	 * page is left. After a failure it may be called again.
	 * @param {object} [known]
	 * @param {Lock|null} [known.lock] the row's lock, if it was just read
	 * @param {number} [known.sentAt] when that request was sent, by
	 *   performance.now()
	 * @returns {Promise<void>} when the request for the lock has been sent
	 * @throws {Problem} if there is no session: status 401; or no response: 0
	 */
	async start({ lock = null, sentAt } = {}) {
		if (this.#api.csrf === null) await this.#enter();
		if (this.#isStarted || this.#stop.signal.aborted) return;
		this.#isStarted = true;
		this.#fault = null;
		this.#listen();
		if (this.#ownsLive) this.#live.start();
		if (document.visibilityState === 'hidden') this.#hidden();
		const before = this.#state;
		this.#happen({ type: 'open', lock, sentAt });
		if (this.#changedEarly) this.change();
		if (this.#state === before) this.#told();
		if (this.#hasPresence) this.#beThere();
	}

	#beThere() {
		const idleLimit = this.#state.idleLimit / 1000;
		this.#presence = new Presence({ api: this.#api, live: this.#live, ...this.#known, client: this.#client, idleLimit });
		this.#presence.addEventListener('people', () => this.dispatchEvent(new CustomEvent('people', { detail: this.people })));
		this.#presence.start();
	}

	async #enter() {
		try {
			const { data } = await this.#api.get('/session');
			this.#api.adopt(data);
			this.#session = data;
		} catch (error) {
			if (error instanceof Problem) this.#fail(await faultOf(error, this.#base), error.problem);
			throw error;
		}
	}

	#fail(fault, problem) {
		this.#fault = fault;
		this.#told();
		this.dispatchEvent(new CustomEvent(fault, { detail: { problem } }));
	}

	/**
	 * Reports that the user has changed the form.
	 * @returns {void}
	 */
	change() {
		if (this.#isStarted) this.#happen({ type: 'change' });
		else this.#changedEarly = true;
	}
	/**
	 * Tells others in which field the user types.
	 * @param {string} field
	 * @returns {void}
	 */
	type(field) {
		this.#presence?.type(field);
	}
	/**
	 * Sends the draft again at once, after its refusal, because it has become
	 * another one.
	 * @returns {void}
	 */
	redraft() {
		this.#happen({ type: 'redraft' });
	}
	/**
	 * Keeps the lock: renews it at once if it is about to end or has ended.
	 * @returns {void}
	 */
	use() {
		this.#happen({ type: 'use' });
	}
	/**
	 * Checks the lock, for instance after signing in again.
	 * @returns {void}
	 */
	wake() {
		this.#happen({ type: 'wake' });
	}
	/**
	 * Tries again to lock the row, after `free` or `lost`.
	 * @returns {void}
	 */
	again() {
		this.#happen({ type: 'again' });
	}
	/**
	 * Takes the lock from another tab of the user, after `elsewhere`.
	 * @returns {void}
	 */
	control() {
		this.#happen({ type: 'control' });
	}
	/**
	 * Ends the holder's lock and locks the row. Needs the privilege.
	 * @param {string|null} reason for the history
	 * @returns {void}
	 */
	takeOver(reason) {
		this.#happen({ type: 'takeOver', reason });
	}
	/**
	 * Requests the row from its holder. When it is this user's turn, the page
	 * locks the row by itself.
	 * @param {string|null} [message] for the holder
	 * @returns {Promise<void>}
	 * @throws {Problem}
	 */
	async ask(message = null) {
		const { data } = await this.#api.post(this.#path('/request'), { message });
		this.#hasAsked = true;
		this.#queued(data.requests);
	}
	/**
	 * Withdraws this user's request.
	 * @returns {Promise<void>}
	 * @throws {Problem}
	 */
	async withdraw() {
		await this.#api.delete(this.#path('/request'));
		await this.readRequests();
	}
	/**
	 * Reads the queue of requests.
	 * @returns {Promise<Request[]>}
	 * @throws {Problem}
	 */
	async readRequests() {
		const { data } = await this.#api.get(this.#path('/request'));
		return this.#queued(data.requests);
	}
	/**
	 * Hands the row over to a user who requested it, and ends this page's
	 * lock. Unsaved input is not sent; it stays in the page.
	 * @param {string|null} [owner] the user; null: the first in the queue
	 * @returns {Promise<string|null>} the new holder; null: nobody
	 * @throws {Problem}
	 */
	async handOver(owner = null) {
		const event = await this.#handOver({ token: this.token, owner });
		this.#happen(event);
		return event.owner;
	}
	/**
	 * Declines a request, as the holder.
	 * @param {string} owner who made it
	 * @param {string|null} [message] for that user
	 * @returns {Promise<void>}
	 * @throws {Problem}
	 */
	async decline(owner, message = null) {
		await this.#api.post(this.#path('/request/decline'), { owner, message });
		await this.readRequests();
	}
	/**
	 * Runs a save without drafts: one under way is waited for, and the next
	 * one waits for the save, which ends the lock that the draft would name.
	 * @template T
	 * @param {() => Promise<T>} request saves, and reports that by `saved()`
	 * @returns {Promise<T>} what the request returns
	 */
	async save(request) {
		let end;
		this.#saving = new Promise((resolve) => {
			end = resolve;
		});
		try {
			await this.#drafting?.catch(() => {});
			return await request();
		} finally {
			end();
		}
	}
	/**
	 * Reports that the form is being sent to the application, which saves and
	 * releases the lock. The page that is left for its answer then does not
	 * release the lock before the save.
	 * @returns {void}
	 */
	submitted() {
		this.#isSubmitted = true;
		this.#happen({ type: 'submitted' });
	}
	/**
	 * Reports that the row was saved.
	 * @param {object} answer
	 * @param {boolean} answer.released whether the save released the lock;
	 *   otherwise the page goes on, and the others are needed
	 * @param {number} [answer.seconds_left] until the lock ends; without it,
	 *   the page does not hold the lock any more, and locks the row again
	 * @param {number} [answer.sentAt] when the request was sent, by
	 *   performance.now()
	 * @returns {void}
	 */
	saved(answer) {
		this.#happen({ type: 'saved', ...answer });
	}
	/**
	 * Reports that a save was rejected because of the lock.
	 * @param {object} answer
	 * @param {Lock|null} answer.lock the row's lock, if it is known
	 * @param {number} answer.sentAt when the request was sent, by
	 *   performance.now()
	 * @param {boolean} [answer.isProtected] whether the row needs a lock now,
	 *   although the page was to lock it `never`: the page then locks it
	 * @returns {void}
	 */
	refusedSave(answer) {
		this.#happen({ type: 'refusedSave', ...answer });
	}

	/**
	 * Goes on without a lock, after the event `unprotected`: the form may be
	 * edited, and nothing keeps others from writing the row. A save that is
	 * refused because the table is protected again reports that by
	 * refusedSave().
	 * @returns {void}
	 */
	unprotected() {
		this.#happen({ type: 'unprotected' });
	}

	/**
	 * Identifies this page's draft. Another value leaves the draft as it is,
	 * and what is typed later becomes another one.
	 */
	get draftClient() {
		return this.#draftClient;
	}
	set draftClient(client) {
		this.#draftClient = client;
		this.#hasDraft = false;
	}
	/** @returns {boolean} whether the server has all input as a draft */
	get isDrafted() {
		return this.#hasDraft && this.#state.changedAt === null;
	}
	/**
	 * Reads the user's latest draft of the row, of this page or another.
	 * @returns {Promise<{ data: any, saved_at: string, client: string|null }
	 *   |null>}
	 * @throws {Problem}
	 */
	async readDraft() {
		return (await this.readDrafts())[0] ?? null;
	}
	/**
	 * Reads the user's drafts of the row, the latest first.
	 * @returns {Promise<{ data: any, saved_at: string,
	 *   client: string|null }[]>}
	 * @throws {Problem}
	 */
	async readDrafts() {
		return (await this.#api.get(this.#path('/draft'))).data.drafts;
	}
	/**
	 * Sends the unsaved input as a draft at once.
	 * @returns {Promise<void>} when the server has it
	 * @throws {Problem} if the server does not keep it
	 */
	async keepDraft() {
		await this.#drafting?.catch(() => {});
		this.#drafting = this.#sendDraft({ token: this.token });
		this.#happen(await this.#drafting);
	}
	/**
	 * Discards the user's drafts of the row.
	 * @param {string|null} [client] only the draft of this client; null: of
	 *   those that named none
	 * @returns {Promise<void>}
	 * @throws {Problem}
	 */
	async discardDraft(client) {
		await this.#drafting?.catch(() => {});
		const which = client === undefined ? '' : `?${new URLSearchParams({ client: client ?? '' })}`;
		await this.#api.delete(this.#path('/draft') + which);
	}

	/**
	 * Releases the lock and ends all activity.
	 * @returns {void}
	 */
	leave() {
		this.#happen({ type: 'leave' });
		this.#presence?.leave();
		this.#stop.abort();
		clearTimeout(this.#timer);
		if (this.#ownsLive) this.#live.leave();
	}

	#listen() {
		const { signal } = this.#stop;
		const use = () => this.#use();
		this.#api.addEventListener('session', ({ detail }) => (this.#session = detail.data), { signal });
		for (const type of USE) addEventListener(type, use, { signal, passive: true });
		addEventListener('pagehide', () => this.#left(), { signal });
		addEventListener('pageshow', ({ persisted }) => persisted && this.#happen({ type: 'restore' }), { signal });
		addEventListener('online', () => this.wake(), { signal });
		document.addEventListener('visibilitychange', () => this.#seen(), { signal });
		this.#live.addEventListener('lock', ({ detail }) => this.#news(detail), { signal });
		this.#live.addEventListener('reset', () => this.#reset(), { signal });
	}

	#left() {
		if (this.#isSubmitted) this.#happen({ type: 'saved', released: true });
		else this.#happen({ type: 'leave', beacon: true });
	}

	// A page that is used was not left for the answer to its form.
	#use() {
		this.#isSubmitted = false;
		const now = performance.now();
		if (now - this.#usedAt < USE_EVERY) return;
		this.#usedAt = now;
		this.use();
	}

	// Browsers slow down the timers of hidden tabs, so catch up.
	#seen() {
		if (document.visibilityState === 'hidden') return this.#hidden();
		const hasSlept = slept(this.#clocks, bothClocks());
		this.#happen({ type: 'show' });
		return hasSlept && this.#happen({ type: 'wake' });
	}

	#hidden() {
		this.#happen({ type: 'hide', isUnsaved: this.#draft() !== null });
	}

	// A reset or `changed` (row security) may stand for any event.
	#news({ event, table, key, owner, message }) {
		if (table !== this.#known.table || (key !== this.#known.key && event !== 'changed')) return;
		if (event === 'declined') this.#declined = { owner, message };
		const isOfQueue = QUEUE.includes(event);
		if (!isOfQueue) this.#happen({ type: 'news', event });
		if (isOfQueue || event === 'changed' || this.#queue.length) this.#readQueue();
	}

	#reset() {
		this.#happen({ type: 'news', event: 'reset' });
		this.#readQueue();
	}

	// In the background, and one request at a time. Without an answer the
	// queue is read again after the next event.
	async #readQueue() {
		if (this.#key === null) return;
		if (this.#reading) {
			this.#readsAgain = true;
			return;
		}
		this.#reading = true;
		try {
			await this.readRequests();
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
		} finally {
			this.#reading = false;
		}
		if (!this.#readsAgain) return;
		this.#readsAgain = false;
		await this.#readQueue();
	}

	#queued(requests) {
		if (this.#stop.signal.aborted) return requests;
		const own = requests.find((request) => request.is_mine);
		const before = this.#queue.find((request) => request.is_mine);
		this.#queue = requests;
		this.#hasAsked &&= own !== undefined;
		this.#happen({ type: 'wanted', on: requests.some((request) => !request.is_mine) });
		// Of the user's tabs, the one that asked or that is seen
		this.#happen({ type: 'want', on: this.#hasAsked || (own !== undefined && document.visibilityState === 'visible') });
		this.dispatchEvent(new CustomEvent('request', { detail: requests }));
		if (before && !own && this.#declined?.owner === before.owner) this.#tellDeclined();
		return requests;
	}

	#tellDeclined() {
		const { message = null } = this.#declined;
		this.#declined = null;
		this.dispatchEvent(new CustomEvent('declined', { detail: { message } }));
	}

	#happen(event) {
		const before = this.#state;
		const { state, actions } = step(before, event, performance.now());
		this.#state = state;
		for (const action of actions) this.#do(action);
		this.#schedule();
		if (state === before) return;
		this.#told();
		if (state.phase !== before.phase && QUEUED.includes(state.phase)) this.#readQueue();
		if (state.refusal !== before.refusal && isUnprotected(state.refusal))
			this.dispatchEvent(new CustomEvent('unprotected', { detail: { problem: state.refusal.problem } }));
		if (state.trouble === 'signed_out' && before.trouble !== 'signed_out')
			this.dispatchEvent(new CustomEvent('signedout', { detail: { problem: state.failure.problem } }));
	}

	#told() {
		this.dispatchEvent(new CustomEvent('state', { detail: this.#state }));
	}

	#schedule() {
		clearTimeout(this.#timer);
		this.#clocks = bothClocks();
		const at = wakeAt(this.#state);
		if (at === Infinity) return;
		const wait = Math.min(LONGEST_TIMER, Math.max(0, at - performance.now()));
		this.#timer = setTimeout(() => this.#happen({ type: slept(this.#clocks, bothClocks()) ? 'wake' : 'tick' }), wait);
	}

	async #do(action) {
		if (action.do === 'reread') this.dispatchEvent(new Event('reread'));
		else if (action.do === 'release') this.#release(action);
		else if (action.do === 'lastDraft') this.#sendLastDraft(action);
		else this.#happen(this.#learn(await this.#answer(action)));
	}

	// Events have the server's spelling of table and key, which may differ
	// from the page's.
	#learn(event) {
		if (event.lock) this.#known = { table: event.lock.table, key: event.lock.key };
		return event;
	}

	// While a save is under way, its answer decides what the lock is: what is
	// learned about the lock in that time waits for it.
	async #answer(action) {
		if (action.do !== 'renew' && action.do !== 'look') return this.#ask(action);
		await this.#saving;
		if (this.#state.phase === 'left') return { type: 'tick' };
		const event = await this.#ask(action);
		await this.#saving;
		return event;
	}

	async #ask(action) {
		try {
			return await this.#requests[action.do](action);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			const { status, problem, sentAt } = error;
			return { type: 'failed', of: action.do, token: action.token, status, problem, lock: problem.lock ?? null, sentAt };
		}
	}

	#requests = {
		acquire: async () => granted(await this.#api.post(this.#path('/lock'), this.#who())),
		takeOver: async ({ reason }) => granted(await this.#api.post(this.#path('/lock/takeover'), { ...this.#who(), reason })),
		control: async () => {
			await this.#api.delete(this.#path('/lock'), { body: { token: this.#state.holder.token } });
			return this.#requests.acquire();
		},
		renew: async ({ token }) => {
			const { data, sentAt } = await this.#api.put(this.#path('/lock'), { token });
			return { type: 'renewed', seconds_left: data.seconds_left, sentAt };
		},
		draft: (action) => {
			this.#drafting = this.#sendDraft(action);
			return this.#drafting;
		},
		handOver: async ({ token }) => {
			this.#drafting = this.#sendDraft({ token });
			await this.#drafting;
			return this.#handOver({ token, owner: null, isIdle: true });
		},
		look: async () => {
			const { data, sentAt } = await this.#api.get(this.#path('/lock'));
			return { type: 'looked', lock: data.lock, sentAt };
		},
		explain: async ({ token }) => {
			const { data } = await this.#api.get('/history', { ...this.#known, limit: HISTORY });
			return { type: 'explained', token, ending: lockEnding(data.events, token) };
		},
	};

	async #handOver({ token, owner, isIdle = false }) {
		await this.#drafting?.catch(() => {});
		const queue = this.#queue;
		const { data, sentAt } = await this.#api.post(this.#path('/lock/handover'), { token, owner });
		const next = queue.find((request) => request.owner === data.owner);
		return { type: 'handedOver', owner: data.owner, name: next?.owner_name || data.owner, isIdle, sentAt };
	}

	async #sendDraft({ token }) {
		await this.#saving;
		const isCurrent = token === this.#state.token && this.#state.phase !== 'left';
		const data = isCurrent ? this.#draft() : undefined;
		if (data === undefined || (data === null && !this.#hasDraft)) return { type: 'drafted', sentAt: performance.now() };
		const { sentAt } = await (data === null ? this.#dropDraft() : this.#putDraft(data, token));
		this.#hasDraft = data !== null;
		return { type: 'drafted', sentAt };
	}

	#putDraft(data, token) {
		return this.#api.put(this.#path('/draft'), { token, data, client: this.#draftClient });
	}
	#dropDraft() {
		return this.#api.send('DELETE', this.#path('/draft'), { query: { client: this.#draftClient } });
	}

	// Without the token: the lock may be released before. A beacon is limited
	// to 64 KB; a longer draft is sent too, but the browser may give it up.
	async #sendLastDraft({ beacon }) {
		const data = this.#draft() ?? null;
		if (data === null) return;
		if (beacon && this.#api.beacon(this.#path('/draft'), { data, client: this.#draftClient })) return;
		if (!beacon) await this.#drafting?.catch(() => {});
		await this.#putDraft(data, null).catch(() => {});
	}

	#release({ token, beacon }) {
		if (beacon) this.#api.beacon(this.#path('/lock/release'), token === null ? { client: this.#client } : { token });
		else this.#api.delete(this.#path('/lock'), { body: { token }, keepalive: true }).catch(() => {});
	}

	#path(rest) {
		return (this.#key === null ? tablePath(this.#table) : rowPath(this.#table, this.#key)) + rest;
	}
	#who() {
		return this.#note === null ? { client: this.#client } : { client: this.#client, note: this.#note };
	}
}

const isUnprotected = (refusal) => /:not-protected$/.test(refusal?.problem.type ?? '');

const granted = ({ data: { lock, outcome }, sentAt }) => ({
	type: 'granted',
	lock,
	token: lock.token,
	seconds_left: lock.seconds_left,
	outcome,
	sentAt,
});
