/**
 * A row in a list of rows of many tables: its table and its key, leading to it.
 */
import { h } from '../dom.js';
import { paths } from '../model/route.js';

/** @param {string} table @param {string} key @param {Object<string, string>} [data] of the link */
export const rowName = (table, key, data = {}) =>
	h(
		'a',
		{ class: 'cell row-name', href: paths.row(table, key), title: `${table} ${key}`, data },
		h('bdi', { class: 'table-name' }, table),
		' ',
		h('bdi', { class: 'key' }, key),
	);
