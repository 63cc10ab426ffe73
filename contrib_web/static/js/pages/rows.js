/**
 * The rows of a table, with their locks: search, sort, filter and pages.
 */
import { rowPath, tablePath } from '../client/api.js';
import { clock } from '../client/clock.js';
import { LiveRows } from '../model/live-rows.js';
import { timed } from '../model/lock-time.js';
import { paths } from '../model/route.js';
import { about, personName } from '../model/text.js';
import { RowsTable } from '../parts/rows-table.js';
import { unlock } from '../parts/unlock.js';
import { announce } from '../ui/announce.js';
import { h, icon } from '../ui/dom.js';
import { banner, emptyState } from '../ui/widgets.js';
import { ListPage, searchField } from './list-page.js';

/** Implements Page of app.js and the methods of ListPage. */
export class RowsPage extends ListPage {
	#table = null;
	#live = new LiveRows();
	#list = null;

	/**
	 * @param {object} app
	 * @param {{ table: string, query: object }} route
	 */
	constructor(app, { table, query }) {
		super(app, query);
		this.name = table;
		this.title = table;
	}

	async load() {
		this.#listen();
		const [table] = await Promise.all([this.app.api.get(tablePath(this.name)), this.#refetchUntilLatest()]);
		this.#table = table.data;
		this.#list = this.#makeList();
		this.title = this.#table.name;
		this.element = this.#build();
		this.#replay();
		this.draw();
	}

	// A reload that overtakes the first request may end before the table is
	// known, when it cannot be drawn.
	async #refetchUntilLatest() {
		if (!(await this.refetch())) await this.#refetchUntilLatest();
	}

	fetch({ q, sort, dir, after, before, filter, locked }) {
		this.#live.requested();
		return this.app.api.get(`${tablePath(this.name)}/rows`, { q, sort, dir, after, before, filter, locked });
	}

	take({ rows }, sentAt) {
		this.#live.received(rows.map((row) => ({ ...row, lock: timed(row.lock, sentAt) })));
		if (this.#table) this.#replay();
	}

	draw({ quiet = false } = {}) {
		if (!this.#list) return; // load() draws
		const isShown = this.results.contains(this.#list.element); // not an error
		if (quiet && isShown && this.#live.onlyLocksChanged) this.#refreshLocks();
		else this.#drawAll();
	}

	address(query) {
		return paths.rows(this.name, query);
	}

	summary() {
		const n = this.#live.rows.length;
		return n === 1 ? 'One row' : `${n} rows${this.pager.hidden ? '' : ' on this page'}`;
	}

	/* Live */

	#listen() {
		const { signal } = this;
		const { live } = this.app;
		live.addEventListener('lock', ({ detail }) => this.#heard(detail), { signal });
		live.addEventListener('reset', () => this.reloadSoon(), { signal });
		addEventListener('keydown', (event) => this.#shortcut(event), { signal });
	}

	#heard(event) {
		this.#live.heard(event);
		if (!this.#table || event.table !== this.#table.table) return;
		const { touched, unclear } = this.#live.apply(event, this.#context());
		if (unclear || (this.query.locked && touched === null)) this.reloadSoon();
		if (touched === null) return; // but a key may be ''
		this.#updateRow(this.#live.find(touched));
		this.#watch();
	}

	#context() {
		return { owner: this.app.session.owner, now: performance.now(), toClock: clock.toClock };
	}

	#replay() {
		if (this.#live.replay(this.#table.table, this.#context())) this.reloadSoon();
	}

	#updateRow(row) {
		this.#list.updateRow(row);
		announce(`${row.label}: ${row.lock ? `locked by ${row.lock.is_mine ? 'you' : personName(row.lock)}` : 'free'}`);
	}

	// The rows are the same, so they are not drawn again: the user may be
	// reading them.
	#refreshLocks() {
		for (const [index, row] of this.#live.rows.entries()) {
			if (this.#live.holderChanged(index)) this.#updateRow(row);
			else if (row.lock) this.#list.holderOf(row.key)?.update(row.lock);
		}
		this.drawPager();
		this.#watch();
	}

	#watch() {
		this.watchEnds(this.#live.rows.map(({ lock }) => lock));
	}

	async #lookAt(key) {
		const { data, sentAt } = await this.app.api.get(`${rowPath(this.name, key)}/lock`).catch(() => ({ data: null }));
		const row = this.#live.find(key);
		const holder = this.#list.holderOf(key);
		if (!data || !row) return;
		row.lock = timed(data.lock, sentAt);
		if (!holder) return;
		if (row.lock && holder.lock && row.lock.owner === holder.lock.owner) holder.update(row.lock);
		else this.#updateRow(row);
	}

	async #unlock(lock) {
		const { table, may } = this.#table;
		if (await unlock(this.app, { ...lock, table }, may.break_locks)) await this.#lookAt(lock.key);
	}

	/* Drawing */

	#makeList() {
		const list = new RowsTable(this.#table);
		list.addEventListener('sort', ({ detail }) => this.change(detail));
		list.addEventListener('look', ({ detail }) => this.#lookAt(detail));
		list.addEventListener('unlock', ({ detail }) => this.#unlock(detail));
		return list;
	}

	#drawAll() {
		const { rows } = this.#live;
		this.app.lists.set(this.name, this.address(this.query));
		this.#watch();
		this.drawPager();
		if (!rows.length) return this.results.replaceChildren(h('div', { class: 'data' }, nothing(this.query)));
		const { sort, dir } = this.query;
		const refocus = this.#list.draw(rows, { address: this.name, order: { sort, dir }, lastRow: this.app.lastRow });
		if (!this.results.contains(this.#list.element)) this.results.replaceChildren(this.#list.element);
		return refocus();
	}

	#build() {
		return h(
			'div',
			{},
			h(
				'nav',
				{ class: 'crumbs', 'aria-label': 'You are here' },
				h('ol', {}, h('li', {}, h('a', { href: paths.tables() }, 'Tables'))),
			),
			this.#head(),
			this.#table.protection ? null : notProtected(),
			this.#toolbar(),
			this.results,
			this.pager,
		);
	}

	#head() {
		const { name, comment, rows_estimate: estimate, may } = this.#table;
		const words = [comment, estimate === null ? null : `${about(estimate)} rows`].filter(Boolean).join(' · ');
		const newRow = h(
			'a',
			{ class: 'button primary', href: paths.newRow(this.name, { from: this.query.filter }) },
			icon('plus'),
			'New row',
		);
		return h(
			'div',
			{ class: 'page-head' },
			h('div', {}, h('h1', { tabIndex: -1 }, name), h('p', { class: 'quiet' }, words)),
			may.insert ? h('div', { class: 'page-actions' }, newRow) : null,
		);
	}

	#toolbar() {
		const search = searchField(this, `Search in ${this.#table.name}`, {
			id: 'search',
			placeholder: 'Search',
			'aria-keyshortcuts': '/',
		});
		const onlyLocked = h('input', {
			type: 'checkbox',
			checked: this.query.locked === 'true',
			on: { change: () => this.change({ locked: onlyLocked.checked ? 'true' : null }) },
		});
		return h(
			'form',
			{
				class: 'toolbar',
				role: 'search',
				on: {
					submit: (event) => {
						event.preventDefault();
						this.change({ q: search.value });
					},
				},
			},
			h('div', { class: 'search grow' }, icon('search'), search),
			this.#table.protection ? h('label', { class: 'check toggle' }, onlyLocked, 'Locked only') : null,
			this.#filterChip(),
		);
	}

	#filterChip() {
		const filter = readFilter(this.query.filter);
		if (!filter) return null;
		const words = Object.entries(filter)
			.map(([column, value]) => `${column} = ${value ?? 'null'}`)
			.join(', ');
		return this.filterChip(words, { filter: null });
	}

	#shortcut(event) {
		const typing = event.target.closest?.('input, textarea, select, dialog');
		if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
		event.preventDefault();
		document.getElementById('search')?.focus();
	}
}

function notProtected() {
	const element = banner('warn', {
		icon: 'unlock',
		title: 'This table is not protected.',
		text: 'Its rows can be edited, but not locked: the last save wins.',
	});
	element.classList.add('on-list');
	return element;
}

function nothing({ q, locked, filter }) {
	if (locked && !q)
		return emptyState({
			name: 'unlock',
			title: 'Nothing is locked',
			text: 'No row of this table is being edited now. Locks appear here automatically.',
		});
	if (q || filter)
		return emptyState({
			name: 'search',
			title: 'Nothing found',
			text: 'The search covers all text columns and the key.',
		});
	return emptyState({ name: 'table', title: 'No rows', text: 'The table is empty, or you may not see its rows.' });
}

function readFilter(text) {
	try {
		const filter = JSON.parse(text ?? 'null');
		return filter && typeof filter === 'object' ? filter : null;
	} catch {
		return null;
	}
}
