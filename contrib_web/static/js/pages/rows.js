/**
 * The change list of a table: search, sort, pages, and who holds which row, live.
 */
import { rowPath, tablePath } from '../api.js';
import { clock } from '../clock.js';
import { h, hidden, icon } from '../dom.js';
import { shown } from '../model/column.js';
import { paths } from '../model/route.js';
import { applyEvent, nextSort } from '../model/row-list.js';
import { about, personName } from '../model/text.js';
import '../parts/lock-holder.js';
import { unlock } from '../parts/unlock.js';
import { announce, banner, emptyState, loading } from '../ui.js';
import { ListPage, searchField, timed } from './list-page.js';

const MOST_COLUMNS = 6;
/** Columns beside the first that a phone shows. */
const ON_A_PHONE = 3;
export class RowsPage extends ListPage {
	#table = null;
	#rows = [];
	#body = h('tbody', { role: 'rowgroup' });
	#head = h('thead', { role: 'rowgroup' });

	constructor(app, { table, query }) {
		super(app, query);
		this.name = table;
		this.title = table;
	}

	async load() {
		this.#listen();
		const [table, isLatest] = await Promise.all([this.app.api.get(tablePath(this.name)), this.refetch()]);
		this.#table = table.data;
		this.title = this.#table.name;
		this.element = this.#build();
		if (this.#isAhead) this.#replay();
		if (isLatest) this.draw();
		else this.results.replaceChildren(loading()); // a later request is under way, and draws
	}

	fetch({ q, sort, dir, after, before, filter, locked }) {
		this.#since = [];
		this.#isAhead = false;
		return this.app.api.get(`${tablePath(this.name)}/rows`, { q, sort, dir, after, before, filter, locked });
	}

	take({ rows }, sentAt) {
		this.#before = this.#rows;
		this.#rows = rows.map((row) => ({ ...row, lock: timed(row.lock, sentAt) }));
		if (this.#table) this.#replay();
		else this.#isAhead = true;
	}
	#before = [];
	// What has happened since the rows were asked for, and may not be in the answer; null: nothing is asked.
	#since = null;
	// The rows came before the table was known, without which nothing can be replayed.
	#isAhead = false;

	draw({ quiet = false } = {}) {
		if (quiet && sameRows(this.#before, this.#rows)) this.#refreshLocks();
		else this.#render();
	}

	address(query) {
		return paths.rows(this.name, query);
	}

	/* Live */

	#listen() {
		const { signal } = this;
		const { live } = this.app;
		live.addEventListener('lock', ({ detail }) => this.#happened(detail), { signal });
		live.addEventListener('reset', () => this.reloadSoon(), { signal });
		addEventListener('keydown', (event) => this.#shortcut(event), { signal });
	}

	#happened(event) {
		this.#since?.push(event);
		if (!this.#table || event.table !== this.#table.table) return;
		const { rows, touched, unclear } = this.#apply(event);
		if (unclear || (this.query.locked && touched === null)) this.reloadSoon();
		if (touched === null) return; // but a key may be ''
		this.#rows = rows;
		this.#updateRow(rows.find(({ key }) => key === touched));
		this.#watch();
	}

	#apply(event) {
		const about = { owner: this.app.session.owner, now: performance.now(), toClock: clock.toClock };
		return applyEvent(this.#rows, event, about);
	}

	#replay() {
		for (const event of this.#since.filter(({ table }) => table === this.#table.table)) {
			const { rows, unclear } = this.#apply(event);
			this.#rows = rows;
			if (unclear) this.reloadSoon();
		}
		this.#since = null;
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
	#refreshLocks() {
		for (const [at, row] of this.#rows.entries()) {
			if (this.#before[at].lock?.owner !== row.lock?.owner) this.#updateRow(row);
			else if (row.lock) this.#body.rows[at].querySelector('lock-holder').update(row.lock);
		}
		this.drawPager();
		this.#watch();
	}

	#watch() {
		this.watchEnds(this.#rows.map(({ lock }) => lock));
	}

	async #lookAt(key) {
		const { data, sentAt } = await this.app.api.get(`${rowPath(this.name, key)}/lock`).catch(() => ({ data: null }));
		const row = this.#rows.find((each) => each.key === key);
		if (!data || !row) return;
		row.lock = timed(data.lock, sentAt);
		const element = [...this.#body.rows].find(({ dataset }) => dataset.key === row.key);
		const holder = element?.querySelector('lock-holder');
		if (!holder) return;
		if (row.lock && holder.lock && row.lock.owner === holder.lock.owner) holder.update(row.lock);
		else this.#updateRow(row);
	}

	async #unlock(lock) {
		if (await unlock(this.app, { ...lock, table: this.#table.table }, this.#table.may.break_locks)) await this.#lookAt(lock.key);
	}

	/* What is shown */

	#build() {
		const { name, comment, rows_estimate: estimate, may, protection } = this.#table;
		const head = h(
			'div',
			{ class: 'page-head' },
			h(
				'div',
				{},
				h('h1', { tabIndex: -1 }, name),
				h('p', { class: 'quiet' }, [comment, estimate === null ? null : `${about(estimate)} rows`].filter(Boolean).join(' · ')),
			),
			may.insert
				? h(
						'div',
						{ class: 'page-actions' },
						h(
							'a',
							{ class: 'button primary', href: paths.newRow(this.name, { from: this.query.filter }) },
							icon('plus'),
							'New row',
						),
					)
				: null,
		);
		return h(
			'div',
			{},
			h(
				'nav',
				{ class: 'crumbs', 'aria-label': 'You are here' },
				h('ol', {}, h('li', {}, h('a', { href: paths.tables() }, 'Tables'))),
			),
			head,
			protection ? null : notProtected(),
			this.#toolbar(),
			this.results,
			this.pager,
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

	#columns() {
		const { columns, label_column: label } = this.#table;
		const lead = columns.find(({ name }) => name === label) ?? columns.find(({ key }) => key) ?? columns[0];
		const rest = columns.filter((column) => column !== lead);
		return [lead, ...rest.filter(({ key }) => key), ...rest.filter(({ key }) => !key)].slice(0, MOST_COLUMNS);
	}

	#render() {
		this.app.lists.set(this.name, this.address(this.query));
		this.#watch();
		this.drawPager();
		if (!this.#rows.length) return this.results.replaceChildren(h('div', { class: 'data' }, this.#nothing()));
		const columns = this.#columns();
		const focused = this.#focused();
		this.#head.replaceChildren(h('tr', { role: 'row' }, this.#headers(columns)));
		this.#body.replaceChildren(...this.#rows.map((row) => this.#row(row, columns)));
		if (!this.#body.isConnected || !this.results.contains(this.#body)) {
			const table = h('table', { role: 'table', 'aria-label': `Rows of ${this.#table.name}` }, this.#head, this.#body);
			this.results.replaceChildren(h('div', { class: 'data stack' }, table));
		}
		return focused?.()?.focus();
	}

	// Where the focus has to be again once everything has been drawn anew.
	#focused() {
		const at = document.activeElement;
		const column = at?.closest?.('th[data-column]')?.dataset.column;
		const key = at?.closest?.('tr[data-key]')?.dataset.key;
		if (column)
			return () =>
				[...this.#head.querySelectorAll('[data-column]')]
					.find(({ dataset }) => dataset.column === column)
					?.querySelector('button');
		if (key && this.#body.contains(at))
			return () => [...this.#body.rows].find(({ dataset }) => dataset.key === key)?.querySelector(at.localName);
		return null;
	}

	#headers([lead, ...rest]) {
		const lock = this.#table.protection ? [h('th', { role: 'columnheader', scope: 'col', class: 'lock-column' }, 'Lock')] : [];
		return [this.#header(lead), ...lock, ...rest.map((column) => this.#header(column))];
	}

	#header(column) {
		const { sort, dir } = this.query;
		const sorted = sort === column.name ? (dir === 'desc' ? 'descending' : 'ascending') : 'none';
		const press = h(
			'button',
			{ class: 'sort', type: 'button', on: { click: () => this.change(nextSort({ sort, dir }, column.name)) } },
			column.name,
			icon('up'),
		);
		return h(
			'th',
			{
				role: 'columnheader',
				scope: 'col',
				class: isNumber(column) ? 'number' : '',
				'aria-sort': sorted,
				data: { column: column.name },
			},
			press,
		);
	}

	#row(row, [lead, ...rest]) {
		const holder = document.createElement('lock-holder');
		holder.lock = row.lock;
		holder.refresh = () => this.#lookAt(row.key);
		holder.addEventListener('lockclick', ({ detail }) => this.#unlock(detail));
		const lock = this.#table.protection ? [h('td', { role: 'cell', class: 'lock-column', data: { label: 'Lock' } }, holder)] : [];
		const text = shown(lead, row.values[lead.name]);
		const link = h(
			'a',
			{
				class: 'cell',
				dir: 'auto',
				href: paths.row(this.name, row.key),
				title: tooLong(text),
				data: row.key === this.app.lastRow ? { autofocus: '' } : {},
			},
			text || row.label || row.key,
		);
		const element = h(
			'tr',
			{ role: 'row', data: { key: row.key } },
			h('th', { role: 'rowheader', scope: 'row', class: 'lead' }, link),
			...lock,
			...rest.map((column, index) => cell(column, row.values[column.name], index >= ON_A_PHONE)),
		);
		markRow(element, row.lock);
		return element;
	}

	summary() {
		const n = this.#rows.length;
		return n === 1 ? 'One row' : `${n} rows${this.pager.hidden ? '' : ' on this page'}`;
	}

	#nothing() {
		const { q, locked, filter } = this.query;
		if (locked && !q)
			return emptyState({
				name: 'unlock',
				title: 'Nothing is locked',
				text: 'Nobody is editing a row of this table now. Locks appear here by themselves.',
			});
		if (q || filter)
			return emptyState({
				name: 'search',
				title: 'Nothing found',
				text: 'The search looks into all text columns, and for the key.',
			});
		return emptyState({ name: 'table', title: 'No rows', text: 'The table is empty, or you may not see its rows.' });
	}
}

function notProtected() {
	const element = banner('warn', {
		icon: 'unlock',
		title: 'This table is not protected.',
		text: 'Its rows can be edited, but not locked: whoever saves last wins.',
	});
	element.classList.add('on-list');
	return element;
}

const isNumber = ({ category, references }) => category === 'number' && !references;

/** Of what a cell may cut off; a title of a page's length would hide the list. */
const tooLong = (text) => (text?.length > 24 ? text.slice(0, 500) : null);

const sameRows = (a, b) =>
	a.length === b.length &&
	a.every(({ key, values }, at) => key === b[at].key && JSON.stringify(values) === JSON.stringify(b[at].values));

function markRow(element, lock) {
	element.dataset.lock = lock ? (lock.is_mine ? 'mine' : 'theirs') : 'none';
}

function cell(column, value, isSpare) {
	const text = shown(column, value);
	const content =
		text === null
			? h('span', { class: 'cell null' }, 'null')
			: h('span', { class: 'cell', dir: 'auto', title: tooLong(text) }, text);
	return h(
		'td',
		{ role: 'cell', class: `${isNumber(column) ? 'number' : ''}${isSpare ? ' spare' : ''}`, data: { label: column.name } },
		text === '' ? hidden('empty') : content,
	);
}

function readFilter(text) {
	try {
		const filter = JSON.parse(text ?? 'null');
		return filter && typeof filter === 'object' ? filter : null;
	} catch {
		return null;
	}
}
