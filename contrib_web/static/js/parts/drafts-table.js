/**
 * The table of the user's drafts.
 */
import { t } from '../lang/texts.js';
import { tableLabel } from '../model/column.js';
import { originText } from '../model/draft.js';
import { paths } from '../model/route.js';
import { h } from '../ui/dom.js';
import { button } from '../ui/widgets.js';
import { draftAge } from './draft-offer.js';
import { draftName } from './draft-questions.js';

/** Keys of the headers. */
const HEADS = ['head.row', 'head.table', 'head.typed', 'head.on', 'head.columns', null];

/**
 * Of several drafts of a row, the earlier ones are folded below the latest.
 * @param {object[][]} rows the drafts of each row, see byRow()
 * @param {object} options
 * @param {{ machine: string|null, tab: string }} options.here
 * @param {(draft: object) => any} options.compare
 * @param {(draft: object) => any} options.discard
 * @returns {HTMLElement}
 */
export const draftsTable = (rows, options) =>
	h(
		'div',
		{ class: 'data stack' },
		h(
			'table',
			{ role: 'table', 'aria-label': t('drafts.drafts') },
			h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, HEADS.map(head))),
			h('tbody', { role: 'rowgroup' }, rows.map((drafts) => rowsOf(drafts, options))),
		),
	);

const head = (key) => (key ? h('th', { role: 'columnheader', scope: 'col' }, t(key)) : h('td', { role: 'cell' }));

function rowsOf([latest, ...earlier], options) {
	const hidden = earlier.map((draft) => row(draft, options));
	for (const each of hidden) each.hidden = true;
	return [row(latest, options, hidden.length ? fold(hidden) : null), ...hidden];
}

function fold(rows) {
	const press = button(t('drafts.earlier', { n: rows.length }), () => {
		for (const each of rows) each.hidden = !each.hidden;
		press.setAttribute('aria-expanded', String(!rows[0].hidden));
	}, { kind: 'small plain' });
	press.setAttribute('aria-expanded', 'false');
	return press;
}

function row(draft, { here, compare, discard }, more = null) {
	const { table, name, key, columns, id, savedAt } = draft;
	const href = key === null ? paths.newRow(table) : paths.row(table, key);
	const open = h('a', { class: 'cell row-name', href, title: key ?? null }, h('bdi', { class: key === null ? 'quiet' : '' }, draftName(draft)));
	const about = { table: tableLabel(name), row: draftName(draft) };
	const read = columns.length
		? button(t('action.compare'), () => compare(draft), { kind: 'small', label: t('drafts.compare_of', about) })
		: null; // of another program
	const remove = button(t('action.discard'), () => discard(draft), { kind: 'small plain bad', label: t('drafts.discard_of', about) });
	return h(
		'tr',
		{ role: 'row', data: { id } },
		h('th', { role: 'rowheader', scope: 'row', class: 'lead' }, open),
		cell(t('head.table'), h('bdi', { title: name }, tableLabel(name))),
		cell(t('head.typed'), draftAge(savedAt)),
		cell(t('head.on'), originText(id, here), originText(id, here) ? '' : 'spare'),
		cell(t('head.columns'), h('bdi', { class: 'cell', title: columns.join(', ') }, columns.join(', ')), columns.length ? '' : 'spare'),
		cell('', h('div', { class: 'button-row' }, more, read, remove), 'fit ends'),
	);
}

const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
