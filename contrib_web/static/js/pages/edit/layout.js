/**
 * The arrangement of an edit page.
 */
import { paths } from '../../model/route.js';
import { h } from '../../ui/dom.js';

/**
 * @param {import('./edited-row.js').EditedRow} edited
 * @param {object} parts
 * @param {string} parts.list the list's address
 * @param {HTMLElement} parts.heading the row's label
 * @param {HTMLElement} parts.bar the lock bar
 * @param {HTMLElement} parts.notes messages over the form
 * @param {HTMLElement} parts.form
 * @param {HTMLElement} parts.aside what belongs to the row
 * @returns {HTMLElement}
 */
export const layout = (edited, { list, heading, bar, notes, form, aside }) =>
	h(
		'div',
		{ class: 'edit' },
		crumbs(edited.table, list),
		head(edited, heading),
		edited.isNew ? null : bar,
		h(
			'div',
			{ class: 'edit-columns' },
			h('div', { class: 'edit-main' }, notes, form),
			edited.isNew ? null : aside,
		),
	);

const crumbs = ({ name }, list) =>
	h(
		'nav',
		{ class: 'crumbs', 'aria-label': 'You are here' },
		h(
			'ol',
			{},
			h('li', {}, h('a', { href: paths.tables() }, 'Tables')),
			h('li', {}, h('a', { href: list }, name)),
		),
	);

function head({ isNew, row, table: { name, comment } }, heading) {
	const key = row && row.label !== row.key ? [' ', h('bdi', { class: 'row-key' }, row.key)] : null;
	return h(
		'div',
		{ class: 'page-head' },
		h(
			'div',
			{},
			h('h1', { tabIndex: -1 }, isNew ? `New row in ${name}` : heading, key),
			isNew && comment ? h('p', { class: 'quiet' }, comment) : null,
		),
	);
}
