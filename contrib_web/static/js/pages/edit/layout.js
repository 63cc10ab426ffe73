/**
 * The arrangement of an edit page: a bar that stays in view, the form, and
 * beside it what is said about the row. Nothing that appears while the user
 * types is above the form, so the form keeps its place.
 */
import { t } from '../../lang/texts.js';
import { paths } from '../../model/route.js';
import { dock } from '../../parts/dock.js';
import { h } from '../../ui/dom.js';
import { tableLabel } from '../../model/column.js';

/**
 * @param {import('./edited-row.js').EditedRow} edited
 * @param {object} parts
 * @param {string} parts.list the list's address
 * @param {HTMLElement} parts.heading the row's label
 * @param {import('./edit-lock.js').EditLock} parts.lock its elements are
 *   placed
 * @param {HTMLElement} parts.people who else has the row open
 * @param {HTMLElement} parts.notes messages about the form
 * @param {import('../../parts/row-form.js').RowForm} parts.form
 * @param {HTMLElement|null} parts.children rows that belong to the row
 * @param {HTMLElement} parts.aside what else is known of the row
 * @returns {HTMLElement}
 */
export const layout = (edited, { list, heading, lock, people, notes, form, children, aside }) =>
	h(
		'div',
		{ class: 'edit' },
		crumbs(edited.table, list),
		h(
			'div',
			{ class: 'edit-bar' },
			h(
				'div',
				{ class: 'edit-title' },
				title(edited, heading),
				h('div', { class: 'edit-status' }, edited.isNew ? null : lock.element, form.progress, form.note),
			),
			people,
			h('div', { class: 'edit-actions' }, edited.isNew ? null : lock.action, form.actions),
		),
		h(
			'div',
			{ class: 'edit-columns' },
			h('div', { class: 'edit-main' }, form.element, children),
			h('div', { class: 'edit-side' }, dock(edited.isNew ? [notes] : [lock.message, notes]), edited.isNew ? null : aside),
		),
	);

const crumbs = ({ name }, list) =>
	h(
		'nav',
		{ class: 'crumbs', 'aria-label': t('page.here') },
		h(
			'ol',
			{},
			h('li', {}, h('a', { href: paths.tables() }, t('tables.title'))),
			h('li', {}, h('a', { href: list, title: name }, tableLabel(name))),
		),
	);

function title({ isNew, row, table: { name } }, heading) {
	const key = row && row.label !== row.key ? [' ', h('bdi', { class: 'row-key' }, row.key)] : null;
	return h('h1', { tabIndex: -1 }, isNew ? t('rows.new_in', { table: tableLabel(name) }) : heading, key);
}
