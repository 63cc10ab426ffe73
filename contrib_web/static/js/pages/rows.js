/**
 * The rows of a table, with their locks: search, sort, filter and pages.
 */
import { t } from '../lang/texts.js';
import { Problem, rowPath, tablePath } from '../client/api.js';
import { clock } from '../client/clock.js';
import { chooseColumns, chosenColumns } from '../client/settings.js';
import { labelOf, tableLabel } from '../model/column.js';
import { LiveRows } from '../model/live-rows.js';
import { timed } from '../model/lock-time.js';
import { others } from '../model/presence.js';
import { paths } from '../model/route.js';
import { exactValues, readFilter, words } from '../model/row-filter.js';
import { newsOfLocks, totalRows } from '../model/text.js';
import { columnMenu, filterMenu } from '../parts/list-menus.js';
import { toastProblem } from '../parts/problem-toast.js';
import { listColumns, RowsTable } from '../parts/rows-table.js';
import { RowPeople } from './rows/people.js';
import { unlock } from '../parts/unlock.js';
import { announce, toast } from '../ui/announce.js';
import { h, icon } from '../ui/dom.js';
import { banner, button, emptyState } from '../ui/widgets.js';
import { ListPage, searchField } from './list-page.js';

/** News are announced together after this time, in milliseconds. */
const GATHER = 1000;
/** The greatest number of rows in an export, as the server has it. */
const MOST_EXPORTED = 10_000;

/** Implements Page of app.js and the methods of ListPage. */
export class RowsPage extends ListPage {
	#table = null;
	#description = null;
	#total = null;
	#news = new Map();
	#toolbar = h('div', {});
	#live = new LiveRows();
	#list = null;
	#people = null;

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
		this.#description = this.app.api.get(tablePath(this.name)).then(({ data }) => data);
		const [table] = await Promise.all([this.#description, this.#refetchUntilLatest()]);
		this.#table = table;
		this.#list = this.#makeList();
		this.#people = new RowPeople(this.app, this.#table.table, this.signal);
		this.#people.addEventListener('people', ({ detail: key }) => this.#showPeople(key));
		this.title = tableLabel(this.#table.name);
		this.element = this.#build();
		this.#replay();
		this.draw();
		this.#count();
	}

	close() {
		super.close();
		clearTimeout(this.#gathering);
	}
	#gathering = null;

	// A reload that overtakes the first request may end before the table is
	// known, when it cannot be drawn.
	async #refetchUntilLatest() {
		if (!(await this.refetch())) await this.#refetchUntilLatest();
	}

	async fetch({ q, sort, dir, after, before, filter, locked }) {
		this.#live.requested();
		const reply = await this.app.api.get(`${tablePath(this.name)}/rows`, { q, sort, dir, after, before, filter, locked });
		await this.app.labels.load(referred(await this.#description, reply.data.rows));
		return reply;
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
		if (!this.#total) return t('rows.count', { n });
		const all = totalRows(this.#total);
		return this.#total.count > n ? t('rows.shown_of', { n, all }) : all;
	}

	async reload(options = {}) {
		await super.reload(options);
		if (!options.quiet) await this.#count();
	}

	// The list does not wait for its total.
	async #count() {
		const { q, filter, locked } = this.query;
		const { data } = await this.app.api.get(`${tablePath(this.name)}/count`, { q, filter, locked }).catch(() => ({ data: null }));
		if (this.signal.aborted || q !== this.query.q || filter !== this.query.filter || locked !== this.query.locked) return;
		this.#total = data;
		this.drawPager();
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

	#showPeople(key) {
		this.#list.showPeople(key, others(this.#people.of(key), this.app.session.owner));
	}

	#context() {
		return { owner: this.app.session.owner, now: performance.now(), toClock: clock.toClock };
	}

	#replay() {
		if (this.#live.replay(this.#table.table, this.#context())) this.reloadSoon();
	}

	#updateRow(row) {
		this.#list.updateRow(row);
		this.#showPeople(row.key);
		this.#news.set(row.key, row);
		this.#gathering ??= setTimeout(() => this.#announceNews(), GATHER);
	}

	#announceNews() {
		this.#gathering = null;
		announce(newsOfLocks([...this.#news.values()]));
		this.#news.clear();
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
		const list = new RowsTable(this.#table, this.app.labels, chosenColumns(this.#table.table));
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
		if (!rows.length) return this.results.replaceChildren(h('div', { class: 'data' }, nothing(this.query, this.#newRow())));
		const { sort, dir } = this.query;
		const refocus = this.#list.draw(rows, { address: this.name, order: { sort, dir }, lastRow: this.app.lastRow });
		if (!this.results.contains(this.#list.element)) this.results.replaceChildren(this.#list.element);
		for (const key of this.#people.keys) this.#showPeople(key);
		return refocus();
	}

	#build() {
		this.#toolbar.replaceChildren(this.#makeToolbar());
		return h(
			'div',
			{},
			h(
				'nav',
				{ class: 'crumbs', 'aria-label': t('page.here') },
				h('ol', {}, h('li', {}, h('a', { href: paths.tables() }, t('tables.title')))),
			),
			this.#head(),
			this.#table.protection ? null : notProtected(),
			this.#toolbar,
			this.results,
			this.pager,
		);
	}

	#head() {
		const { name, comment } = this.#table;
		return h(
			'div',
			{ class: 'page-head' },
			h('div', {}, h('h1', { tabIndex: -1, title: name }, tableLabel(name)), comment ? h('p', { class: 'quiet' }, comment) : null),
			h('div', { class: 'page-actions' }, button(t('rows.export'), () => this.#export(), { name: 'download' }), this.#newRow()),
		);
	}

	#newRow() {
		if (!this.#table.may.insert) return null;
		const href = paths.newRow(this.name, { from: exactValues(this.query.filter) });
		return h('a', { class: 'button primary', href }, icon('plus'), t('rows.new'));
	}

	// All pages of the list, in its order, with its columns.
	async #export() {
		const { table } = this.#table;
		const { q, sort, dir, filter, locked } = this.query;
		const columns = JSON.stringify(listColumns(this.#table, chosenColumns(table)).map(({ name }) => name));
		try {
			const file = await this.app.api.download(`${tablePath(this.name)}/csv`, { q, sort, dir, filter, locked, columns });
			const href = URL.createObjectURL(file);
			h('a', { href, download: `${this.#table.relation}.csv` }).click();
			setTimeout(() => URL.revokeObjectURL(href), 60_000);
			if (this.#total?.count > MOST_EXPORTED || this.#total?.more) toast(t('rows.exported_first', { n: MOST_EXPORTED }));
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			toastProblem(error);
		}
	}

	#chooseColumns(names) {
		chooseColumns(this.#table.table, names);
		this.#list = this.#makeList();
		this.#drawAll();
		if (!names) this.#toolbar.replaceChildren(this.#makeToolbar());
	}

	#filter(changes) {
		const filter = { ...readFilter(this.query.filter), ...changes };
		const given = Object.entries(filter).filter(([, value]) => value !== undefined);
		const text = given.length ? JSON.stringify(Object.fromEntries(given)) : null;
		const done = this.change({ filter: text });
		this.#toolbar.replaceChildren(this.#makeToolbar());
		this.element.querySelector('.page-actions a')?.replaceWith(this.#newRow());
		return done;
	}

	#makeToolbar() {
		const search = searchField(this, t('rows.search_in', { table: tableLabel(this.#table.name) }), {
			id: 'search',
			placeholder: t('rows.search'),
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
			this.#table.protection ? h('label', { class: 'check toggle' }, onlyLocked, t('rows.locked_only')) : null,
			filterMenu(this.#table, (column, value) => this.#filter({ [column]: value })),
			columnMenu(this.#table, {
				chosen: listColumns(this.#table, chosenColumns(this.#table.table)).map(({ name }) => name),
				choose: (names) => this.#chooseColumns(names),
			}),
			this.#filterChips(),
		);
	}

	#filterChips() {
		const entries = Object.entries(readFilter(this.query.filter) ?? {});
		if (!entries.length) return null;
		return h(
			'div',
			{ class: 'filters' },
			entries.map(([name, value]) => this.filterChip(this.#filterWords(name, value), () => this.#filter({ [name]: undefined }))),
		);
	}

	#filterWords(name, value) {
		const column = this.#table.columns.find((each) => each.name === name) ?? { name };
		const label = column.references?.is_key && typeof value === 'string' ? this.app.labels.of(column.references.table, value) : null;
		return `${t('text.labelled', { label: labelOf(column) })} ${label ?? words(column, value)}`;
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
		title: t('rows.not_protected'),
		text: t('rows.not_protected.text'),
	});
	element.classList.add('on-list');
	return element;
}

/** The rows that a list refers to, for their labels. */
const referred = ({ columns }, rows) =>
	columns
		.filter(({ references }) => references?.is_key)
		.flatMap(({ name, references: { table } }) => rows.map(({ values }) => ({ table, key: values[name] })))
		.filter(({ key }) => key !== null);

function nothing({ q, locked, filter }, newRow) {
	if (locked && !q)
		return emptyState({
			name: 'unlock',
			title: t('locks.none'),
			text: t('rows.none_locked.text'),
		});
	if (q || filter)
		return emptyState({
			name: 'search',
			title: t('rows.not_found'),
			text: t('rows.not_found.text'),
		});
	return emptyState({ name: 'table', title: t('rows.none'), text: t('rows.none.text'), action: newRow });
}
