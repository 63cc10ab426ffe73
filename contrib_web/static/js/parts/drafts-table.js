/**
 * The table of the user's drafts.
 */
import { t } from '../lang/texts.js';
import { originText } from '../model/draft.js';
import { paths } from '../model/route.js';
import { h } from '../ui/dom.js';
import { button } from '../ui/widgets.js';
import { draftAge } from './draft-offer.js';
import { draftName } from './draft-questions.js';

/** Keys of the headers. */
const HEADS = ['head.row', 'head.table', 'head.typed', 'head.on', 'head.columns', null];

/**
 * @param {object[]} drafts see pages/drafts.js
 * @param {object} options
 * @param {{ machine: string|null, tab: string }} options.here
 * @param {(draft: object) => any} options.discard
 * @returns {HTMLElement}
 */
export const draftsTable = (drafts, options) =>
	h(
		'div',
		{ class: 'data stack' },
		h(
			'table',
			{ role: 'table', 'aria-label': t('drafts.drafts') },
			h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, HEADS.map(head))),
			h('tbody', { role: 'rowgroup' }, drafts.map((draft) => row(draft, options))),
		),
	);

const head = (key) => (key ? h('th', { role: 'columnheader', scope: 'col' }, t(key)) : h('td', { role: 'cell' }));

function row(draft, { here, discard }) {
	const { table, name, key, columns, id, savedAt } = draft;
	const href = key === null ? paths.newRow(table) : paths.row(table, key);
	const open = h('a', { class: 'cell row-name', href, title: key ?? null }, h('bdi', { class: key === null ? 'quiet' : '' }, draftName(draft)));
	const remove = button(t('action.discard'), () => discard(draft), { kind: 'small plain bad', label: t('drafts.discard_of', { table: name, row: draftName(draft) }) });
	return h(
		'tr',
		{ role: 'row', data: { id } },
		h('th', { role: 'rowheader', scope: 'row', class: 'lead' }, open),
		cell(t('head.table'), h('bdi', {}, name)),
		cell(t('head.typed'), draftAge(savedAt)),
		cell(t('head.on'), originText(id, here), originText(id, here) ? '' : 'spare'),
		cell(t('head.columns'), h('bdi', { class: 'cell', title: columns.join(', ') }, columns.join(', ')), columns.length ? '' : 'spare'),
		cell('', remove, 'fit'),
	);
}

const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
