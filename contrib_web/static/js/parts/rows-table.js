/**
 * The table of a list of rows, with the holder of each.
 */
import { t } from '../lang/texts.js';
import { labelOf, tableLabel } from '../model/column.js';
import { brief } from '../model/format.js';
import { paths } from '../model/route.js';
import { h, hidden } from '../ui/dom.js';
import './lock-holder.js';
import { avatars, presenceWords } from './people.js';
import { sortHead } from './sort-head.js';

/** How many columns are shown unless the user has chosen. */
const USUAL = 6;
/** Columns beside the first that a phone shows, unless they were chosen. */
const ON_A_PHONE = 3;

/**
 * Events:
 * - `sort` (detail: { sort, dir }): a header was pressed
 * - `look` (detail: the row's key): the lock's tip is shown
 * - `unlock` (detail: the lock): a lock was clicked
 */
export class RowsTable extends EventTarget {
	#table;
	#labels;
	#columns;
	#hasSpare;
	#head = h('thead', { role: 'rowgroup' });
	#body = h('tbody', { role: 'rowgroup' });

	/**
	 * @param {object} table as the API describes it
	 * @param {import('../client/labels.js').Labels} labels of rows that the
	 *   table refers to
	 * @param {string[]|null} chosen names of columns; null: the usual ones
	 */
	constructor(table, labels, chosen) {
		super();
		this.#table = table;
		this.#labels = labels;
		this.#columns = listColumns(table, chosen);
		this.#hasSpare = !chosen;
		this.element = h(
			'div',
			{ class: 'data stack' },
			h('table', { role: 'table', 'aria-label': t('rows.of', { table: tableLabel(table.name) }) }, this.#head, this.#body),
		);
	}

	/**
	 * Draws all rows. The focus returns to where it was.
	 * @param {object[]} rows as the API returns them
	 * @param {object} options
	 * @param {string} options.address the table's name in addresses
	 * @param {{ sort?: string, dir?: 'asc'|'desc' }} options.order
	 * @param {string|null} options.lastRow key of the row to focus first
	 * @returns {() => void} restores the focus, once the element is shown
	 */
	draw(rows, { address, order, lastRow }) {
		const focused = this.#focused();
		this.#head.replaceChildren(h('tr', { role: 'row' }, this.#headers(order)));
		this.#body.replaceChildren(...rows.map((row) => this.#row(row, address, lastRow)));
		return () => focused()?.focus();
	}

	/**
	 * Shows another holder of a row.
	 * @param {object} row
	 * @returns {void}
	 */
	updateRow(row) {
		const element = this.#find(row.key);
		if (!element) return;
		element.querySelector('lock-holder').lock = row.lock;
		markRow(element, row.lock);
		element.classList.remove('just-changed');
		requestAnimationFrame(() => element.classList.add('just-changed'));
	}

	/**
	 * Shows who has a row open.
	 * @param {string} key
	 * @param {import('../model/presence.js').Person[]} people
	 * @returns {void}
	 */
	showPeople(key, people) {
		const line = this.#find(key)?.querySelector('.lead-line');
		if (!line) return;
		const { columns } = this.#table;
		const holder = this.holderOf(key);
		const isHolder = ({ owner }) => owner === holder?.lock?.owner;
		const present = people.find(isHolder);
		if (holder) holder.presence = present ? { state: present.state, words: presenceWords(present, columns) } : null;
		line.querySelector('.people')?.remove();
		line.append(...avatars(people.filter((each) => !isHolder(each)), columns));
	}

	/**
	 * The element that shows a row's holder.
	 * @param {string} key
	 * @returns {import('./lock-holder.js').LockHolder|null}
	 */
	holderOf(key) {
		return this.#find(key)?.querySelector('lock-holder') ?? null;
	}

	#find(key) {
		return [...this.#body.rows].find(({ dataset }) => dataset.key === key);
	}

	// Finds the element of the same function after a new drawing.
	#focused() {
		const at = document.activeElement;
		const column = at?.closest?.('th[data-column]')?.dataset.column;
		const key = at?.closest?.('tr[data-key]')?.dataset.key;
		if (column) return () => this.#headerOf(column)?.querySelector('button');
		if (key && this.#body.contains(at)) return () => this.#find(key)?.querySelector(at.localName);
		return () => null;
	}

	#headerOf(column) {
		return [...this.#head.querySelectorAll('[data-column]')].find(({ dataset }) => dataset.column === column);
	}

	#headers(order) {
		const [lead, ...rest] = this.#columns.map((column) => this.#header(column, order));
		return [lead, ...this.#lockCell('th', { role: 'columnheader', scope: 'col' }, t('lock.lock')), ...rest];
	}

	#header(column, order) {
		return sortHead({
			text: labelOf(column),
			name: column.name,
			order,
			sort: (next) => this.#emit('sort', next),
			props: { class: isNumber(column) ? 'number' : '', title: column.name },
		});
	}

	#row(row, address, lastRow) {
		const [lead, ...rest] = this.#columns;
		const element = h(
			'tr',
			{ role: 'row', data: { key: row.key } },
			h('th', { role: 'rowheader', scope: 'row', class: 'lead' }, h('div', { class: 'lead-line' }, this.#leadLink(row, lead, address, lastRow))),
			...this.#lockCell('td', { role: 'cell', data: { label: t('lock.lock') } }, this.#holder(row)),
			...rest.map((column, index) => this.#cell(column, row.values[column.name], this.#hasSpare && index >= ON_A_PHONE)),
		);
		markRow(element, row.lock);
		return element;
	}

	#lockCell(tag, props, content) {
		return this.#table.protection ? [h(tag, { ...props, class: 'lock-column' }, content)] : [];
	}

	#holder(row) {
		const holder = document.createElement('lock-holder');
		holder.mayBreak = this.#table.may.break_locks;
		holder.lock = row.lock;
		holder.refresh = () => this.#emit('look', row.key);
		holder.addEventListener('lockclick', ({ detail }) => this.#emit('unlock', detail));
		return holder;
	}

	#leadLink(row, lead, address, lastRow) {
		const { text, title } = this.#brief(lead, row.values[lead.name]);
		return h(
			'a',
			{
				class: 'cell',
				dir: 'auto',
				href: paths.row(address, row.key),
				title,
				data: row.key === lastRow ? { autofocus: '' } : {},
			},
			text || row.label || row.key,
		);
	}

	#cell(column, value, isSpare) {
		const { text, title } = this.#brief(column, value);
		const content =
			text === null
				? h('span', { class: 'cell null', title: t('value.null') }, h('span', { 'aria-hidden': 'true' }, '–'), hidden(t('value.null')))
				: h('span', { class: 'cell', dir: 'auto', title }, text);
		return h(
			'td',
			{ role: 'cell', class: `${isNumber(column) ? 'number' : ''}${isSpare ? ' spare' : ''}`, data: { label: labelOf(column) } },
			text === '' ? hidden(t('value.empty')) : content,
		);
	}

	// The title has the whole value where the text has not.
	#brief(column, value) {
		const text = named(column, value, this.#labels) ?? brief(column, value);
		return { text, title: text === value ? titleOf(text) : (value?.slice(0, LONGEST_TITLE) ?? null) };
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}

/**
 * The columns of a list: first the one with the label, then the key, then
 * others.
 * @param {object} table as the API describes it
 * @param {string[]|null} chosen names; null: the usual ones
 * @returns {object[]}
 */
export function listColumns({ columns, label_column: label }, chosen) {
	const shown = columns.filter(({ name }) => !chosen || chosen.includes(name));
	if (!shown.length) return listColumns({ columns, label_column: label }, null);
	const lead = shown.find(({ name }) => name === label) ?? shown.find(({ key }) => key) ?? shown[0];
	const rest = shown.filter((column) => column !== lead);
	const all = [lead, ...rest.filter(({ key }) => key), ...rest.filter(({ key }) => !key)];
	return chosen ? all : all.slice(0, USUAL);
}

// The label of the row that a foreign key refers to.
function named({ references }, value, labels) {
	return references?.is_key && value !== null ? labels.of(references.table, value) : null;
}

const isNumber = ({ category, references }) => category === 'number' && !references;

/** Longest title, in characters. */
const LONGEST_TITLE = 500;

/** The title of a text that its cell may truncate. */
const titleOf = (text) => (text?.length > 24 ? text.slice(0, LONGEST_TITLE) : null);

function markRow(element, lock) {
	element.dataset.lock = lock ? (lock.is_mine ? 'mine' : 'theirs') : 'none';
}
