/**
 * The change list of a table: search, sort, pages, and who holds which row, live.
 */
import { Problem, rowPath, tablePath } from '../api.js';
import { clock } from '../clock.js';
import { h, hidden, icon } from '../dom.js';
import { shown } from '../model/column.js';
import { explain } from '../model/problem.js';
import { paths } from '../model/route.js';
import { applyEvent, firstEnd, nextSort } from '../model/row-list.js';
import { about, personName } from '../model/text.js';
import '../parts/lock-holder.js';
import { unlock } from '../parts/unlock.js';
import { announce, banner, button, emptyState } from '../ui.js';

const MOST_COLUMNS = 6;
/** Columns beside the first that a phone shows. */
const ON_A_PHONE = 3;
const TYPING = 250;
/** Locks that ended by time and what the stream only hints at are asked for together. */
const SETTLE = 400;
/** Shortest time between two loads because of ended locks. */
const RELOAD_EVERY = 5000;

export class RowsPage {
	#app;
	#query;
	#table = null;
	#rows = [];
	#cursors = { next: null, prev: null };
	#stop = new AbortController();
	#timers = {};
	#loads = 0;
	#loadedAt = -Infinity;
	#body = h('tbody', { role: 'rowgroup' });
	#head = h('thead', { role: 'rowgroup' });
	#results = h('div', {});
	#pager = h('nav', { class: 'pager', 'aria-label': 'Pages of the list' });

	constructor(app, { table, query }) {
		this.#app = app;
		this.name = table;
		this.#query = query;
		this.title = table;
	}

	async load() {
		const [table] = await Promise.all([this.#app.api.get(tablePath(this.name)), this.#fetch()]);
		this.#table = table.data;
		this.title = this.#table.name;
		this.element = this.#build();
		this.#render();
		this.#listen();
	}

	close() {
		this.#stop.abort();
		Object.values(this.#timers).forEach(clearTimeout);
	}

	async #fetch() {
		const load = ++this.#loads;
		const { q, sort, dir, after, before, filter, locked } = this.#query;
		const { data, sentAt } = await this.#app.api.get(`${tablePath(this.name)}/rows`, { q, sort, dir, after, before, filter, locked });
		if (load !== this.#loads) return false;
		this.#rows = data.rows.map((row) => ({ ...row, lock: row.lock && timed(row.lock, sentAt) }));
		this.#cursors = { next: data.next, prev: data.prev };
		this.#loadedAt = performance.now();
		return true;
	}

	async #reload({ quiet = false } = {}) {
		try {
			const before = this.#rows;
			if (!await this.#fetch()) return;
			if (quiet && sameRows(before, this.#rows)) this.#refreshLocks(before);
			else this.#render();
			if (!quiet) announce(this.#summary());
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			const { title, detail, advice } = explain(error.status, error.problem);
			this.#results.replaceChildren(banner('bad', { icon: 'warn', title, text: `${detail} ${advice}`, actions: [button('Try again', () => this.#reload(), { name: 'refresh' })] }));
		}
	}

	// What the reader asked for: in the address too, so that it can be kept and sent.
	#change(query) {
		this.#query = { ...this.#query, after: null, before: null, ...query };
		this.#app.router.rename(this.#address());
		return this.#reload();
	}

	#address() { return paths.rows(this.name, this.#query); }

	/* Live */

	#listen() {
		const { signal } = this.#stop;
		const { live } = this.#app;
		live.addEventListener('lock', ({ detail }) => this.#happened(detail), { signal });
		live.addEventListener('reset', () => this.#soon(), { signal });
		addEventListener('keydown', (event) => this.#shortcut(event), { signal });
	}

	#happened(event) {
		if (event.table !== this.#table.table) return;
		const { rows, touched, unclear } = applyEvent(this.#rows, event, { owner: this.#app.session.owner, now: performance.now(), toClock: clock.toClock });
		if (unclear || (this.#query.locked && !touched)) this.#soon();
		if (!touched) return;
		this.#rows = rows;
		this.#updateRow(rows.find(({ key }) => key === touched));
		this.#watchEnds();
	}

	#soon(wait = SETTLE) {
		clearTimeout(this.#timers.soon);
		this.#timers.soon = setTimeout(() => this.#reload({ quiet: true }), wait);
	}

	// A lock that ends by its time is no event. Renewals are none either: so ask.
	#watchEnds() {
		clearTimeout(this.#timers.ends);
		const now = performance.now();
		const end = firstEnd(this.#rows.map(({ lock }) => lock));
		if (end === Infinity) return;
		const wait = Math.max(end - now + SETTLE, this.#loadedAt + RELOAD_EVERY - now);
		this.#timers.ends = setTimeout(() => this.#reload({ quiet: true }), Math.min(wait, 2 ** 31 - 1));
	}

	#updateRow(row) {
		const element = [...this.#body.rows].find(({ dataset }) => dataset.key === row.key);
		if (!element) return;
		element.querySelector('lock-holder').lock = row.lock;
		markRow(element, row.lock);
		element.classList.remove('just-changed');
		requestAnimationFrame(() => element.classList.add('just-changed'));
		announce(`${row.label}: ${row.lock ? `locked by ${row.lock.is_mine ? 'you' : personName(row.lock)}` : 'free'}`);
	}

	// Nothing but locks can have changed: leave the rows, and whoever is reading them, alone.
	#refreshLocks(before) {
		for (const [at, row] of this.#rows.entries()) {
			if (before[at].lock?.owner !== row.lock?.owner) this.#updateRow(row);
			else if (row.lock) this.#body.rows[at].querySelector('lock-holder').update(row.lock);
		}
		this.#renderPager();
		this.#watchEnds();
	}

	async #lookAt(key) {
		const { data, sentAt } = await this.#app.api.get(`${rowPath(this.name, key)}/lock`).catch(() => ({ data: null }));
		const row = this.#rows.find((each) => each.key === key);
		if (!data || !row) return;
		row.lock = data.lock && timed(data.lock, sentAt);
		const element = [...this.#body.rows].find(({ dataset }) => dataset.key === row.key);
		const holder = element?.querySelector('lock-holder');
		if (!holder) return;
		if (row.lock && holder.lock && row.lock.owner === holder.lock.owner) holder.update(row.lock);
		else this.#updateRow(row);
	}

	async #unlock(lock) {
		if (await unlock(this.#app, { ...lock, table: this.#table.table }, this.#table.may.break_locks)) await this.#lookAt(lock.key);
	}

	/* What is shown */

	#build() {
		const { name, comment, rows_estimate: estimate, may, protection } = this.#table;
		const head = h('div', { class: 'page-head' },
			h('div', {}, h('h1', { tabIndex: -1 }, name), h('p', { class: 'quiet' }, comment ? `${comment} · ${about(estimate)} rows` : `${about(estimate)} rows`)),
			may.insert ? h('div', { class: 'page-actions' }, h('a', { class: 'button primary', href: paths.newRow(this.name, { from: this.#query.filter }) }, icon('plus'), 'New row')) : null);
		return h('div', {},
			h('nav', { class: 'crumbs', 'aria-label': 'You are here' }, h('ol', {}, h('li', {}, h('a', { href: paths.tables() }, 'Tables')))),
			head,
			protection ? null : banner('warn', { icon: 'unlock', title: 'This table is not protected.', text: 'Its rows can be edited, but not locked: whoever saves last wins.' }),
			this.#toolbar(), this.#results, this.#pager);
	}

	#toolbar() {
		const search = h('input', {
			class: 'input', type: 'search', id: 'search', value: this.#query.q ?? '', placeholder: 'Search', autocomplete: 'off', spellcheck: false, 'aria-label': `Search in ${this.#table.name}`, 'aria-keyshortcuts': '/',
			on: { input: () => this.#typed(search.value) },
		});
		const onlyLocked = h('input', { type: 'checkbox', checked: this.#query.locked === 'true', on: { change: () => this.#change({ locked: onlyLocked.checked ? 'true' : null }) } });
		return h('form', { class: 'toolbar', role: 'search', on: { submit: (event) => { event.preventDefault(); this.#change({ q: search.value }); } } },
			h('div', { class: 'search grow' }, icon('search'), search),
			h('label', { class: 'check toggle' }, onlyLocked, 'Locked only'),
			this.#filterChip());
	}

	#filterChip() {
		const filter = readFilter(this.#query.filter);
		if (!filter) return null;
		const words = Object.entries(filter).map(([column, value]) => `${column} = ${value ?? 'null'}`).join(', ');
		const chip = h('span', { class: 'chip filter' }, words);
		const off = button('', () => { chip.remove(); return this.#change({ filter: null }); }, { kind: 'plain icon-only small', name: 'close', label: `Take away the filter ${words}` });
		chip.append(off);
		return chip;
	}

	#typed(q) {
		clearTimeout(this.#timers.typing);
		this.#timers.typing = setTimeout(() => this.#change({ q }), TYPING);
	}

	#shortcut(event) {
		const typing = event.target.closest?.('input, textarea, select, dialog');
		if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
		event.preventDefault();
		document.getElementById('search')?.focus();
	}

	#columns() {
		const { columns, label_column: label } = this.#table;
		const lead = columns.find(({ name }) => name === label) ?? columns.find(({ key }) => key) ?? columns[0];
		const rest = columns.filter((column) => column !== lead);
		return [lead, ...rest.filter(({ key }) => key), ...rest.filter(({ key }) => !key)].slice(0, MOST_COLUMNS);
	}

	#render() {
		this.#app.lists.set(this.name, this.#address());
		this.#watchEnds();
		this.#renderPager();
		if (!this.#rows.length) return this.#results.replaceChildren(h('div', { class: 'data' }, this.#nothing()));
		const columns = this.#columns();
		const focused = this.#focused();
		this.#head.replaceChildren(h('tr', { role: 'row' }, this.#headers(columns)));
		this.#body.replaceChildren(...this.#rows.map((row) => this.#row(row, columns)));
		if (!this.#body.isConnected || !this.#results.contains(this.#body)) {
			const table = h('table', { role: 'table', 'aria-label': `Rows of ${this.#table.name}` }, this.#head, this.#body);
			this.#results.replaceChildren(h('div', { class: 'data stack' }, table));
		}
		return focused?.()?.focus();
	}

	// Where the focus has to be again once everything has been drawn anew.
	#focused() {
		const at = document.activeElement;
		const column = at?.closest?.('th[data-column]')?.dataset.column;
		const key = at?.closest?.('tr[data-key]')?.dataset.key;
		if (column) return () => [...this.#head.querySelectorAll('[data-column]')].find(({ dataset }) => dataset.column === column)?.querySelector('button');
		if (key && this.#body.contains(at)) return () => [...this.#body.rows].find(({ dataset }) => dataset.key === key)?.querySelector(at.localName);
		return null;
	}

	#headers([lead, ...rest]) {
		const lock = this.#table.protection ? [h('th', { role: 'columnheader', scope: 'col', class: 'lock-column' }, 'Lock')] : [];
		return [this.#header(lead), ...lock, ...rest.map((column) => this.#header(column))];
	}

	#header(column) {
		const { sort, dir } = this.#query;
		const sorted = sort === column.name ? (dir === 'desc' ? 'descending' : 'ascending') : 'none';
		const press = h('button', { class: 'sort', type: 'button', on: { click: () => this.#change(nextSort({ sort, dir }, column.name)) } }, column.name, icon('up'));
		return h('th', { role: 'columnheader', scope: 'col', class: isNumber(column) ? 'number' : '', 'aria-sort': sorted, data: { column: column.name } }, press);
	}

	#row(row, [lead, ...rest]) {
		const holder = document.createElement('lock-holder');
		holder.lock = row.lock;
		holder.refresh = () => this.#lookAt(row.key);
		holder.addEventListener('lockclick', ({ detail }) => this.#unlock(detail));
		const lock = this.#table.protection ? [h('td', { role: 'cell', class: 'lock-column', data: { label: 'Lock' } }, holder)] : [];
		const text = shown(lead, row.values[lead.name]);
		const link = h('a', { class: 'cell', href: paths.row(this.name, row.key), data: row.key === this.#app.lastRow ? { autofocus: '' } : {} }, text || row.label || row.key);
		const element = h('tr', { role: 'row', data: { key: row.key } },
			h('th', { role: 'rowheader', scope: 'row', class: 'lead' }, link), ...lock, ...rest.map((column, index) => cell(column, row.values[column.name], index >= ON_A_PHONE)));
		markRow(element, row.lock);
		return element;
	}

	#renderPager() {
		const { next, prev } = this.#cursors;
		const move = (text, name, cursor) => {
			const element = button(text, () => this.#change(cursor).then(() => scrollTo({ top: 0 })), { kind: 'small', name });
			element.disabled = Object.values(cursor)[0] === null;
			return element;
		};
		this.#pager.hidden = !next && !prev;
		this.#pager.replaceChildren(h('span', { class: 'quiet small' }, this.#summary()),
			h('div', { class: 'button-row' }, move('Previous', 'left', { before: prev }), move('Next', 'right', { after: next })));
	}

	#summary() {
		const n = this.#rows.length;
		return n === 1 ? 'One row' : `${n} rows${this.#cursors.next || this.#cursors.prev ? ' on this page' : ''}`;
	}

	#nothing() {
		const { q, locked, filter } = this.#query;
		if (locked && !q) return emptyState({ name: 'unlock', title: 'Nothing is locked', text: 'Nobody is editing a row of this table now. Locks appear here by themselves.' });
		if (q || filter) return emptyState({ name: 'search', title: 'Nothing found', text: 'The search looks into all text columns, and for the key.' });
		return emptyState({ name: 'table', title: 'No rows', text: 'The table is empty, or you may not see its rows.' });
	}
}

const isNumber = ({ category, references }) => category === 'number' && !references;

const sameRows = (a, b) => a.length === b.length && a.every(({ key, values }, at) => key === b[at].key && JSON.stringify(values) === JSON.stringify(b[at].values));

const timed = (lock, sentAt) => ({ ...lock, endsAt: sentAt + lock.seconds_left * 1000 });

function markRow(element, lock) {
	element.dataset.lock = lock ? (lock.is_mine ? 'mine' : 'theirs') : 'none';
}

function cell(column, value, isSpare) {
	const text = shown(column, value);
	const content = text === null ? h('span', { class: 'cell null' }, 'null') : h('span', { class: 'cell', title: text.length > 48 ? text : null }, text);
	return h('td', { role: 'cell', class: `${isNumber(column) ? 'number' : ''}${isSpare ? ' spare' : ''}`, data: { label: column.name } }, text === '' ? hidden('empty') : content);
}

function readFilter(text) {
	try {
		const filter = JSON.parse(text ?? 'null');
		return filter && typeof filter === 'object' ? filter : null;
	} catch {
		return null;
	}
}
