/**
 * The table of a list of locks.
 */
import { t } from '../lang/texts.js';
import { duration, exactMoment, moment, personName } from '../model/text.js';
import { h } from '../ui/dom.js';
import './lock-holder.js';
import { rowName } from './row-name.js';
import { sortHead } from './sort-head.js';
import { timeLeft } from './time-left.js';
import { tableLabel } from '../model/column.js';

/** The columns: key of the header, and by what the server sorts. */
const HEADS = [
	['head.row', 'table'],
	['head.held_by', 'owner'],
	['head.since', 'acquired'],
	['head.ends_in', 'ends'],
	['head.note', null],
];

/**
 * Identifies a lock within a list.
 * @param {{ table: string, key: string }} lock
 * @returns {string}
 */
export const idOf = ({ table, key }) => JSON.stringify([table, key]);

/**
 * @param {object[]} locks as the API returns them, with `endsAt`
 * @param {object} options
 * @param {Set<string>|null} options.chosen ids; null: nothing can be chosen
 * @param {(id: string, on: boolean) => void} options.choose
 * @param {(on: boolean) => void} options.chooseAll
 * @param {(lock: object) => any} options.unlock a lock was clicked
 * @param {(lock: object) => string} options.labelOf of the lock's row
 * @param {{ sort?: string, dir?: 'asc'|'desc' }} options.order
 * @param {(order: object) => any} options.sort a header was pressed
 * @returns {HTMLElement}
 */
export function locksTable(locks, options) {
	const all = options.chosen
		? h('input', {
				type: 'checkbox',
				data: { all: '' },
				'aria-label': t('select.all'),
				on: { change: ({ target }) => options.chooseAll(target.checked) },
			})
		: null;
	return h(
		'div',
		{ class: 'data stack' },
		h(
			'table',
			{ role: 'table', 'aria-label': t('locks.title') },
			h(
				'thead',
				{ role: 'rowgroup' },
				h(
					'tr',
					{ role: 'row' },
					all ? h('td', { role: 'cell', class: 'fit' }, all) : null,
					HEADS.map(([head, name]) =>
						name ? sortHead({ text: t(head), name, ...options }) : h('th', { role: 'columnheader', scope: 'col' }, t(head)),
					),
				),
			),
			h(
				'tbody',
				{ role: 'rowgroup' },
				locks.map((lock) => row(lock, options)),
			),
		),
	);
}

function row(lock, { chosen, choose, unlock, labelOf }) {
	const id = idOf(lock);
	const box = chosen
		? h('input', {
				type: 'checkbox',
				checked: chosen.has(id),
				data: { control: 'choose' },
				'aria-label': t('locks.select', { table: tableLabel(lock.name), row: labelOf(lock), who: personName(lock) }),
				on: { change: ({ target }) => choose(id, target.checked) },
			})
		: null;
	return h(
		'tr',
		{ role: 'row', data: { id, lock: lock.is_mine ? 'mine' : 'theirs' } },
		box ? h('td', { role: 'cell', class: 'fit choose' }, box) : null,
		h(
			'th',
			{ role: 'rowheader', scope: 'row', class: 'lead' },
			rowName(lock.name, lock.key, labelOf(lock), { control: 'open' }),
		),
		cell(t('head.held_by'), heldBy(lock, { unlock, mayBreak: chosen !== null })),
		cell(t('head.since'), h('span', { class: 'number', title: exactMoment(lock.acquired_at) }, moment(lock.acquired_at))),
		cell(t('head.ends_in'), h('span', { class: 'number' }, timeLeft(lock.endsAt, { words: duration }))),
		cell(t('head.note'), h('span', { class: 'cell', title: lock.note ?? null }, lock.note ?? ''), lock.note ? '' : 'spare'),
	);
}

const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);

function heldBy(lock, { unlock, mayBreak }) {
	const holder = document.createElement('lock-holder');
	holder.mayBreak = mayBreak;
	holder.lock = lock;
	holder.querySelector('button').dataset.control = 'unlock';
	holder.addEventListener('lockclick', ({ detail }) => unlock(detail));
	const soft = h('span', { class: 'chip', title: t('chip.soft.text') }, t('chip.soft'));
	return h('span', { class: 'holder-cell' }, holder, lock.hard ? null : soft);
}
