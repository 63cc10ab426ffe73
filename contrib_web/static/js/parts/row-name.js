/**
 * A link to a row, in a list of rows of several tables.
 */
import { h } from '../ui/dom.js';
import { paths } from '../model/route.js';
import { tableLabel } from '../model/column.js';

/**
 * @param {string} table as in the address
 * @param {string} key
 * @param {string} label of the row; the key, if it has none
 * @param {Object<string, string>} [data] the link's data attributes
 * @returns {HTMLElement}
 */
export const rowName = (table, key, label, data = {}) =>
	h(
		'a',
		{ class: 'cell row-name', href: paths.row(table, key), title: `${table} ${key}`, data },
		h('bdi', { class: 'key' }, label),
		' ',
		h('bdi', { class: 'table-name' }, tableLabel(table)),
	);
