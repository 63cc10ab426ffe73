/**
 * locking.js: locks a row while a page edits it. These pages use it, and so can any other
 * site's edit page that may talk to locking-web (same site, or --allow-origin):
 *
 *   import { RowLock } from 'https://locks.example.org/static/locking.js';
 *
 *   const lock = new RowLock({
 *       base: 'https://locks.example.org', table: 'article', key: '42',
 *       draft: () => Object.fromEntries(new FormData(form)),
 *   });
 *   lock.addEventListener('state', ({ detail }) => {
 *       form.inert = !lock.mayEdit;
 *       note.textContent = detail.phase === 'blocked' ? `Locked by ${detail.holder.owner}` : '';
 *   });
 *   form.addEventListener('input', () => lock.change());
 *   lock.start();
 *   // when saving, hand lock.token to locking.confirm() in the saving transaction, then:
 *   lock.saved({ released: true });
 *
 * Events: `state` (detail: the state, see js/model/lock-session.js) whenever it changes, and
 * `reread`: the row may have changed, read it now. A renewal carries the draft.
 */
import { Api, Problem, rowPath } from './js/api.js';
import { bothClocks, slept } from './js/clock.js';
import { Live } from './js/live.js';
import { initial, mayEdit, step, timeLeft, wakeAt } from './js/model/lock-session.js';
import { tabId } from './js/tab-id.js';

const USE = ['pointerdown', 'keydown', 'wheel', 'input'];
/** Uses of the page count once in so many milliseconds. */
const USE_EVERY = 1000;
const LONGEST_TIMER = 2 ** 31 - 1;

export class RowLock extends EventTarget {
	#api;
	#live;
	#ownsLive;
	#table;
	#key;
	#known;
	#client;
	#note;
	#draft;
	#state;
	#timer = null;
	#clocks = bothClocks();
	#usedAt = -Infinity;
	#stop = new AbortController();

	/**
	 * @param {object} options
	 * @param {string} options.table as SQL writes it
	 * @param {string} options.key the row's primary key as text
	 * @param {string} [options.base] origin of locking-web; '' for this page's own
	 * @param {'open'|'change'|'never'} [options.lockOn] lock at start(), or with the first change()
	 * @param {number} [options.ttl] seconds a lock lives, if known
	 * @param {number} [options.warning] seconds without renewal until a warning
	 * @param {() => any} [options.draft] what was typed and is not saved, as JSON
	 * @param {string} [options.note] shown to whoever is refused
	 * @param {string} [options.client] this tab; without it one is made
	 * @param {Api} [options.api] @param {Live} [options.live] shared ones, if there are
	 */
	constructor({
		table,
		key,
		base = '',
		lockOn = 'open',
		ttl,
		warning,
		draft = () => null,
		note = null,
		client = tabId,
		api,
		live,
	}) {
		super();
		this.#api = api ?? new Api(base);
		this.#live = live ?? new Live(this.#api.url('/events'));
		this.#ownsLive = !live;
		this.#table = table;
		this.#key = key;
		this.#known = { table, key };
		this.#client = client;
		this.#note = note;
		this.#draft = draft;
		this.#state = initial({ lockOn, ttl, warning });
	}
	get state() {
		return this.#state;
	}
	get token() {
		return this.#state.token;
	}
	get mayEdit() {
		return mayEdit(this.#state);
	}
	/** Seconds until our lock, or its holder's, ends. */
	get secondsLeft() {
		return timeLeft(this.#state, performance.now()) / 1000;
	}

	/**
	 * Begins: locks, listens, and from now on releases when the page goes.
	 * @param {{ lock?: object|null, sentAt?: number }} [known] the row's lock, if it was just read, and when
	 */
	async start({ lock = null, sentAt } = {}) {
		if (this.#api.csrf === null) this.#api.csrf = (await this.#api.get('/session')).data.csrf;
		this.#listen();
		if (this.#ownsLive) this.#live.start();
		this.#happen({ type: 'open', lock, sentAt, client: this.#client });
	}

	/** The text was changed. */
	change() {
		this.#happen({ type: 'change' });
	}
	/** Keep the lock: renews at once if it is about to end, or has. */
	use() {
		this.#happen({ type: 'use' });
	}
	/** Something may have happened meanwhile (signed in again): ask. */
	wake() {
		this.#happen({ type: 'wake' });
	}
	/** Try to lock once more. */
	again() {
		this.#happen({ type: 'again' });
	}
	/** Take the lock from one's own other tab. */
	control() {
		this.#happen({ type: 'control' });
	}
	/** End another's lock and lock the row. @param {string} reason */
	takeOver(reason) {
		this.#happen({ type: 'takeOver', reason });
	}
	/** The row was saved. @param {{ released: boolean, seconds_left?: number, sentAt?: number }} answer */
	saved(answer) {
		this.#happen({ type: 'saved', ...answer });
	}
	/** The save was refused because of the lock. @param {{ lock: object|null, sentAt: number }} answer */
	refusedSave(answer) {
		this.#happen({ type: 'refusedSave', ...answer });
	}

	/** Releases, and stops for good. */
	leave() {
		this.#happen({ type: 'leave' });
		this.#stop.abort();
		clearTimeout(this.#timer);
		if (this.#ownsLive) this.#live.stop();
	}

	#listen() {
		const { signal } = this.#stop;
		const use = () => this.#use();
		for (const type of USE) addEventListener(type, use, { signal, passive: true });
		addEventListener('pagehide', () => this.#happen({ type: 'leave', beacon: true }), { signal });
		addEventListener('pageshow', ({ persisted }) => persisted && this.#happen({ type: 'restore' }), { signal });
		addEventListener('online', () => this.wake(), { signal });
		document.addEventListener('visibilitychange', () => this.#seen(), { signal });
		this.#live.addEventListener('lock', ({ detail }) => this.#news(detail), { signal });
		this.#live.addEventListener('reset', () => this.#happen({ type: 'news', event: 'reset' }), { signal });
	}

	#use() {
		const now = performance.now();
		if (now - this.#usedAt < USE_EVERY) return;
		this.#usedAt = now;
		this.use();
	}

	// A hidden tab's timers are slowed down: back in front, see where we are.
	#seen() {
		if (document.visibilityState === 'hidden') this.#happen({ type: 'hide' });
		else this.#happen({ type: slept(this.#clocks, bothClocks()) ? 'wake' : 'tick' });
	}

	#news({ event, table, key }) {
		if (table !== this.#known.table || (key !== this.#known.key && event !== 'changed')) return;
		if (event === 'requested' || event === 'withdrawn') this.dispatchEvent(new Event('request'));
		else this.#happen({ type: 'news', event });
	}

	#happen(event) {
		const before = this.#state;
		const { state, actions } = step(before, event, performance.now());
		this.#state = state;
		for (const action of actions) this.#do(action);
		this.#schedule();
		if (state !== before) this.dispatchEvent(new CustomEvent('state', { detail: state }));
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
		else this.#happen(this.#learn(await this.#answer(action)));
	}

	// Events name table and key as the server spells them, which the page may not have done.
	#learn(event) {
		if (event.lock) this.#known = { table: event.lock.table, key: event.lock.key };
		return event;
	}

	async #answer(action) {
		try {
			return await this.#requests[action.do](action);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			const { status, problem, sentAt } = error;
			return { type: 'failed', of: action.do, status, problem, lock: problem.lock ?? null, sentAt };
		}
	}

	#requests = {
		acquire: async () => granted(await this.#api.post(this.#path('/lock'), this.#who())),
		takeOver: async ({ reason }) => granted(await this.#api.post(this.#path('/lock/takeover'), { ...this.#who(), reason })),
		control: async () => {
			await this.#api.delete(this.#path('/lock'), { body: { token: this.#state.holder.token } });
			return this.#requests.acquire();
		},
		renew: async ({ token, draft }) => {
			const body = draft ? { token, draft: this.#draft() } : { token };
			const { data, sentAt } = await this.#api.put(this.#path('/lock'), body);
			return { type: 'renewed', seconds_left: data.seconds_left, sentAt, draft };
		},
		look: async () => {
			const { data, sentAt } = await this.#api.get(this.#path('/lock'));
			return { type: 'looked', lock: data.lock, sentAt };
		},
	};

	#release({ token, beacon }) {
		if (beacon) this.#api.beacon(this.#path('/lock/release'), { token });
		else this.#api.delete(this.#path('/lock'), { body: { token }, keepalive: true }).catch(() => {});
	}

	#path(rest) {
		return rowPath(this.#table, this.#key) + rest;
	}
	#who() {
		return this.#note === null ? { client: this.#client } : { client: this.#client, note: this.#note };
	}
}

const granted = ({ data: { lock, outcome }, sentAt }) => ({
	type: 'granted',
	lock,
	token: lock.token,
	seconds_left: lock.seconds_left,
	outcome,
	sentAt,
});
