/**
 * What all lists have in common: what is asked for stands in the address, answers that come
 * too late are dropped, errors are shown in the list's place, pages are turned by cursors.
 *
 * A page says: fetch(query) -> the answer, with `next` and `prev`; take(answer, sentAt) to keep
 * it; draw() to show it; address(query); summary(). It may say words for the pager.
 */
import { Problem } from '../api.js';
import { h } from '../dom.js';
import { explain } from '../model/problem.js';
import { firstEnd } from '../model/row-list.js';
import { announce, banner, button } from '../ui.js';

/** A pause in typing after which to search. */
const TYPING = 250;
/** What happens in bursts is asked for once, after it. */
const SETTLE = 400;
/** Shortest time between two loads because of ended locks. */
const RELOAD_EVERY = 5000;
const LONGEST_TIMER = 2 ** 31 - 1;

export class ListPage {
	app;
	query;
	results = h('div', { class: 'results' });
	pager = h('nav', { class: 'pager', 'aria-label': 'Pages of the list' });
	pagerWords = ['Previous', 'Next'];
	#stop = new AbortController();
	#timers = {};
	#loads = 0;
	#loadedAt = -Infinity;
	#cursors = { next: null, prev: null };

	constructor(app, query) {
		this.app = app;
		this.query = query;
	}

	/** Ends with the page: for its listeners. */
	get signal() {
		return this.#stop.signal;
	}

	close() {
		this.#stop.abort();
		Object.values(this.#timers).forEach(clearTimeout);
	}

	/** @returns {Promise<boolean>} false if a later request has overtaken this one */
	async refetch() {
		const load = ++this.#loads;
		const { data, sentAt } = await this.fetch(this.query);
		if (load !== this.#loads) return false;
		this.take(data, sentAt);
		this.#cursors = { next: data.next, prev: data.prev };
		this.#loadedAt = performance.now();
		return true;
	}

	/** @param {{ quiet: boolean }} options quiet: not because of what the reader did */
	async reload({ quiet = false } = {}) {
		if (!quiet) this.results.setAttribute('aria-busy', 'true');
		try {
			if (!(await this.refetch())) return;
			this.results.removeAttribute('aria-busy');
			this.draw({ quiet });
			if (!quiet) announce(this.summary());
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			this.#showTrouble(error);
		}
	}

	/** What the reader asks for: in the address too, so that it can be kept and sent. */
	change(query) {
		this.query = { ...this.query, after: null, before: null, ...query };
		this.app.router.rename(this.address(this.query));
		return this.reload();
	}

	searchSoon(q) {
		clearTimeout(this.#timers.typing);
		this.#timers.typing = setTimeout(() => this.change({ q }), TYPING);
	}

	reloadSoon() {
		clearTimeout(this.#timers.soon);
		this.#timers.soon = setTimeout(() => this.reload({ quiet: true }), SETTLE);
	}

	/** A lock that ends by its time is no event. Renewals are none either: so ask then. */
	watchEnds(locks) {
		clearTimeout(this.#timers.ends);
		const now = performance.now();
		const end = firstEnd(locks);
		if (end === Infinity) return;
		const wait = Math.max(end - now + SETTLE, this.#loadedAt + RELOAD_EVERY - now);
		this.#timers.ends = setTimeout(() => this.reload({ quiet: true }), Math.min(wait, LONGEST_TIMER));
	}

	drawPager() {
		const { next, prev } = this.#cursors;
		const [before, after] = this.pagerWords;
		this.pager.hidden = !next && !prev;
		this.pager.replaceChildren(
			h('span', { class: 'quiet small' }, this.summary()),
			h(
				'div',
				{ class: 'button-row' },
				this.#turn(before, 'left', { before: prev }),
				this.#turn(after, 'right', { after: next }),
			),
		);
	}

	/** What narrows the list down, with a way to take it away. */
	filterChip(words, without) {
		const chip = h('span', { class: 'chip filter' }, words);
		const takeAway = () => {
			chip.remove();
			return this.change(without);
		};
		chip.append(button('', takeAway, { kind: 'plain icon-only small', name: 'close', label: `Take away the filter ${words}` }));
		return chip;
	}

	#turn(text, name, cursor) {
		const element = button(text, () => this.change(cursor).then(() => scrollTo({ top: 0 })), { kind: 'small', name });
		element.disabled = Object.values(cursor)[0] === null;
		return element;
	}

	#showTrouble({ status, problem }) {
		const { title, detail, advice } = explain(status, problem);
		const again = button('Try again', () => this.reload(), { name: 'refresh' });
		this.results.removeAttribute('aria-busy');
		this.pager.hidden = true;
		this.results.replaceChildren(banner('bad', { icon: 'warn', title, text: [detail, advice].filter(Boolean).join(' '), actions: [again] }));
	}
}

/** A lock with the end of its time by the page's clock. */
export const timed = (lock, sentAt) => lock && { ...lock, endsAt: sentAt + lock.seconds_left * 1000 };

/** A field for searching that searches as one types. */
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
