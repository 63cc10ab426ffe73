/**
 * The base of the list pages. The query is kept in the address, responses
 * that a later request has overtaken are dropped, errors are shown in place
 * of the list, and cursors lead to the next and previous page.
 *
 * A subclass implements:
 * - fetch(query): requests the list; returns a Reply with `next` and `prev`
 * - take(data, sentAt): keeps the response
 * - draw({ quiet }): shows it
 * - address(query): the page's address
 * - summary(): how many entries are shown, in words
 */
import { t } from '../lang/texts.js';
import { isOutage, Problem } from '../client/api.js';
import { h } from '../ui/dom.js';
import { explain } from '../model/problem.js';
import { firstEnd } from '../model/lock-time.js';
import { announce } from '../ui/announce.js';
import { banner, button } from '../ui/widgets.js';

/** Pause in typing after which to search, in milliseconds. */
const TYPING = 250;
/** Delay before a reload, since events come in bursts, in milliseconds. */
const SETTLE = 400;
/** Shortest time between two reloads for ended locks, in milliseconds. */
const RELOAD_EVERY = 5000;
/** The longest delay that setTimeout() accepts, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A page that shows a list. `results` and `pager` are elements that the
 * subclass places.
 */
export class ListPage {
	app;
	query;
	results = h('div', { class: 'results' });
	pager = h('nav', { class: 'pager', 'aria-label': t('list.pages') });
	/** Labels of the pager's buttons. */
	pagerWords = [t('list.previous'), t('list.next')];
	#stop = new AbortController();
	#timers = {};
	#loads = 0;
	#loadedAt = -Infinity;
	#cursors = { next: null, prev: null };
	#isOut = false;

	/**
	 * @param {object} app
	 * @param {Object<string, string>} query of the address
	 */
	constructor(app, query) {
		this.app = app;
		this.query = query;
		app.addEventListener('reachable', () => this.#isOut && this.reload(), { signal: this.signal });
	}

	/** Aborted when the page is closed. */
	get signal() {
		return this.#stop.signal;
	}

	/**
	 * Ends timers and listeners. The page is not used afterwards.
	 * @returns {void}
	 */
	close() {
		this.#stop.abort();
		Object.values(this.#timers).forEach(clearTimeout);
	}

	/**
	 * Loads the list.
	 * @returns {Promise<boolean>} false: a later request has overtaken this
	 *   one
	 * @throws {Problem}
	 */
	async refetch() {
		const load = ++this.#loads;
		const { data, sentAt } = await this.fetch(this.query);
		if (load !== this.#loads) return false;
		this.take(data, sentAt);
		this.#cursors = { next: data.next, prev: data.prev };
		this.#loadedAt = performance.now();
		return true;
	}

	/**
	 * Loads and shows the list, or an error.
	 * @param {{ quiet?: boolean }} [options] quiet: not caused by the user
	 * @returns {Promise<void>}
	 */
	async reload({ quiet = false } = {}) {
		if (!quiet) this.results.setAttribute('aria-busy', 'true');
		try {
			if (!(await this.refetch())) return;
			this.results.removeAttribute('aria-busy');
			this.#isOut = false;
			this.draw({ quiet });
			if (!quiet) announce(this.summary());
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			this.#showTrouble(error);
		}
	}

	/**
	 * Changes the query, in the address too, and loads the list.
	 * @param {Object<string, string|null>} query the changes
	 * @returns {Promise<void>}
	 */
	change(query) {
		this.#setQuery({ page: null, ...query });
		this.app.router.rename(this.address(this.query));
		return this.reload();
	}

	#setQuery(query) {
		this.query = { ...this.query, after: null, before: null, ...query };
	}

	/** The number of the page, from 1. */
	get pageNumber() {
		return Math.max(1, Math.trunc(Number(this.query.page)) || 1);
	}

	/**
	 * Searches after a pause in typing.
	 * @param {string} q
	 * @returns {void}
	 */
	searchSoon(q) {
		clearTimeout(this.#timers.typing);
		this.#timers.typing = setTimeout(() => this.change({ q }), TYPING);
	}

	/**
	 * Reloads after a burst of events.
	 * @returns {void}
	 */
	reloadSoon() {
		clearTimeout(this.#timers.soon);
		this.#timers.soon = setTimeout(() => this.reload({ quiet: true }), SETTLE);
	}

	/**
	 * Reloads when the first of the locks ends: neither expiry nor renewal is
	 * an event of the live stream.
	 * @param {({ endsAt: number }|null)[]} locks
	 * @returns {void}
	 */
	watchEnds(locks) {
		clearTimeout(this.#timers.ends);
		const now = performance.now();
		const end = firstEnd(locks);
		if (end === Infinity) return;
		const wait = Math.max(end - now + SETTLE, this.#loadedAt + RELOAD_EVERY - now);
		this.#timers.ends = setTimeout(() => this.reload({ quiet: true }), Math.min(wait, LONGEST_TIMER));
	}

	/**
	 * @returns {void}
	 */
	drawPager() {
		const { next, prev } = this.#cursors;
		const [before, after] = this.pagerWords;
		const page = this.pageNumber > 1 ? t('list.page', { number: this.pageNumber }) : null;
		const summary = this.results.querySelector('.empty, .banner.bad') ? null : this.summary(); // these need none
		this.pager.replaceChildren(
			h('span', { class: 'quiet small' }, [page, summary].filter(Boolean).join(' · ')),
			h(
				'div',
				{ class: 'button-row', hidden: !next && !prev },
				this.#turn(before, 'left', { before: prev }, -1),
				this.#turn(after, 'right', { after: next }, +1),
			),
		);
	}

	/**
	 * A chip that shows a filter and can remove it.
	 * @param {string} words
	 * @param {() => any} clear removes the filter; may be async
	 * @returns {HTMLElement}
	 */
	filterChip(words, clear) {
		const chip = h('span', { class: 'chip filter' }, words);
		const remove = () => {
			chip.remove();
			return clear();
		};
		chip.append(button('', remove, { kind: 'plain icon-only small', name: 'close', label: t('list.remove_filter', { filter: words }) }));
		return chip;
	}

	#turn(text, name, cursor, by) {
		const element = button(text, () => this.#turnPage(cursor, by), { kind: 'small', name });
		element.disabled = Object.values(cursor)[0] === null;
		return element;
	}

	// Each page is an entry of the browser's history.
	async #turnPage(cursor, by) {
		const page = this.pageNumber + by;
		this.#setQuery({ ...cursor, page: page > 1 ? String(page) : null });
		this.app.router.push(this.address(this.query));
		await this.reload();
		scrollTo({ top: 0 });
	}

	#showTrouble(error) {
		const { status, problem } = error;
		this.#isOut = isOutage(error);
		const { title, detail, advice } = explain(status, problem);
		const again = button(t('action.try_again'), () => this.reload(), { name: 'refresh' });
		this.results.removeAttribute('aria-busy');
		this.pager.replaceChildren();
		this.results.replaceChildren(banner('bad', { icon: 'warn', title, text: [detail, advice].filter(Boolean).join(' '), actions: [again] }));
	}
}

/**
 * A field that searches during typing.
 * @param {ListPage} page
 * @param {string} label
 * @param {object} [props] see h()
 * @returns {HTMLInputElement}
 */
export function searchField(page, label, props = {}) {
	const input = h('input', {
		class: 'input',
		type: 'search',
		value: page.query.q ?? '',
		placeholder: label,
		autocomplete: 'off',
		spellcheck: false,
		'aria-label': label,
		...props,
		on: { input: () => page.searchSoon(input.value) },
	});
	return input;
}
