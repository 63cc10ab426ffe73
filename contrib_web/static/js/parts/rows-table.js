/**
 * The table of a list of rows, with the holder of each.
 */
import { shown } from '../model/column.js';
import { paths } from '../model/route.js';
import { nextSort } from '../model/row-list.js';
import { h, hidden, icon } from '../ui/dom.js';
import './lock-holder.js';

const MAX_COLUMNS = 6;
/** Columns beside the first that a phone shows. */
const ON_A_PHONE = 3;

/**
 * Events:
 * - `sort` (detail: { sort, dir }): a header was pressed
 * - `look` (detail: the row's key): the lock's tip is shown
 * - `unlock` (detail: the lock): a lock was clicked
 */
export class RowsTable extends EventTarget {
	#table;
	#columns;
	#head = h('thead', { role: 'rowgroup' });
	#body = h('tbody', { role: 'rowgroup' });

	/** @param {object} table as the API describes it */
	constructor(table) {
		super();
		this.#table = table;
		this.#columns = columnsOf(table);
		this.element = h(
			'div',
			{ class: 'data stack' },
			h('table', { role: 'table', 'aria-label': `Rows of ${table.name}` }, this.#head, this.#body),
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
		return [lead, ...this.#lockCell('th', { role: 'columnheader', scope: 'col' }, 'Lock'), ...rest];
	}

	#header(column, { sort, dir }) {
		const sorted = sort === column.name ? (dir === 'desc' ? 'descending' : 'ascending') : 'none';
		const press = h(
			'button',
			{ class: 'sort', type: 'button', on: { click: () => this.#emit('sort', nextSort({ sort, dir }, column.name)) } },
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

	#row(row, address, lastRow) {
		const [lead, ...rest] = this.#columns;
		const element = h(
			'tr',
			{ role: 'row', data: { key: row.key } },
			h('th', { role: 'rowheader', scope: 'row', class: 'lead' }, leadLink(row, lead, address, lastRow)),
			...this.#lockCell('td', { role: 'cell', data: { label: 'Lock' } }, this.#holder(row)),
			...rest.map((column, index) => cell(column, row.values[column.name], index >= ON_A_PHONE)),
		);
		markRow(element, row.lock);
		return element;
	}

	#lockCell(tag, props, content) {
		return this.#table.protection ? [h(tag, { ...props, class: 'lock-column' }, content)] : [];
	}

	#holder(row) {
		const holder = document.createElement('lock-holder');
		holder.lock = row.lock;
		holder.refresh = () => this.#emit('look', row.key);
		holder.addEventListener('lockclick', ({ detail }) => this.#emit('unlock', detail));
		return holder;
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}

/** The label column first, then the key, then others. */
function columnsOf({ columns, label_column: label }) {
	const lead = columns.find(({ name }) => name === label) ?? columns.find(({ key }) => key) ?? columns[0];
	const rest = columns.filter((column) => column !== lead);
	return [lead, ...rest.filter(({ key }) => key), ...rest.filter(({ key }) => !key)].slice(0, MAX_COLUMNS);
}

const isNumber = ({ category, references }) => category === 'number' && !references;

/** The title of a text that its cell may truncate. */
const titleOf = (text) => (text?.length > 24 ? text.slice(0, 500) : null);

function markRow(element, lock) {
	element.dataset.lock = lock ? (lock.is_mine ? 'mine' : 'theirs') : 'none';
}

function leadLink(row, lead, address, lastRow) {
	const text = shown(lead, row.values[lead.name]);
	return h(
		'a',
		{
			class: 'cell',
			dir: 'auto',
			href: paths.row(address, row.key),
			title: titleOf(text),
			data: row.key === lastRow ? { autofocus: '' } : {},
		},
		text || row.label || row.key,
	);
}

function cell(column, value, isSpare) {
	const text = shown(column, value);
	const content =
		text === null
			? h('span', { class: 'cell null' }, 'null')
			: h('span', { class: 'cell', dir: 'auto', title: titleOf(text) }, text);
	return h(
		'td',
		{ role: 'cell', class: `${isNumber(column) ? 'number' : ''}${isSpare ? ' spare' : ''}`, data: { label: column.name } },
		text === '' ? hidden('empty') : content,
	);
}
