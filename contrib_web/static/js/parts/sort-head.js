/**
 * The header of a column by which a list can be sorted.
 */
import { nextSort } from '../model/row-list.js';
import { h, icon } from '../ui/dom.js';

/**
 * @param {object} options
 * @param {string} options.text
 * @param {string} options.name of the column, for the server
 * @param {{ sort?: string, dir?: 'asc'|'desc' }} options.order the current
 *   one
 * @param {(order: object) => any} options.sort called with the next order
 * @param {object} [options.props] further ones of the cell, see h()
 * @returns {HTMLElement}
 */
export function sortHead({ text, name, order, sort, props = {} }) {
	const sorted = order.sort === name ? (order.dir === 'desc' ? 'descending' : 'ascending') : 'none';
	const press = h('button', { class: 'sort', type: 'button', on: { click: () => sort(nextSort(order, name)) } }, text, icon('up'));
	return h('th', { role: 'columnheader', scope: 'col', 'aria-sort': sorted, data: { column: name }, ...props }, press);
}
