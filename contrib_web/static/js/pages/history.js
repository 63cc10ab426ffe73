/**
 * The history of locks, latest first, with filters and pages.
 */
import { h, icon, newId } from '../ui/dom.js';
import { paths } from '../model/route.js';
import { actorName, eventNames, exactMoment, moment } from '../model/text.js';
import { button, emptyState } from '../ui/widgets.js';
import { rowName } from '../parts/row-name.js';
import { ListPage, searchField } from './list-page.js';

/** Class of an event's chip, by event. */
const KINDS = { acquired: 'mine', resumed: 'mine', broken: 'bad', taken_over: 'theirs', handed_over: 'theirs', expired: 'warn', released: '' };

/** Implements Page of app.js and the methods of ListPage. */
export class HistoryPage extends ListPage {
	title = 'History';
	pagerWords = ['Later', 'Earlier'];
	#events = [];
	#tables = [];
	#news = h('div', { hidden: true });

	/**
	 * @param {object} app
	 * @param {{ query: object }} route
	 */
	constructor(app, { query }) {
		super(app, query);
	}

	async load() {
		const [tables] = await Promise.all([this.app.api.get('/tables'), this.refetch()]);
		this.#tables = tables.data.tables;
		this.element = h(
			'div',
			{},
			h(
				'div',
				{ class: 'page-head' },
				h('div', {}, h('h1', { tabIndex: -1 }, 'History'), h('p', { class: 'quiet' }, 'Who locked what, and how it ended.')),
			),
			this.#toolbar(),
			this.#news,
			this.results,
			this.pager,
		);
		this.draw();
		this.app.live.addEventListener('lock', () => this.#more(), { signal: this.signal });
	}

	fetch({ q, table, key, event, owner, actor, after, before }) {
		return this.app.api.get('/history', { q, table, key, event, owner, actor, after, before });
	}

	take({ events }) {
		this.#news.hidden = true;
		this.#events = events;
	}

	address(query) {
		return paths.history(query);
	}

	// A list that changes while the user reads it is distracting, so new
	// events are only offered.
	#more() {
		if (!this.#news.hidden) return;
		this.#news.hidden = false;
		this.#news.replaceChildren(
			h(
				'div',
				{ class: 'news' },
				button('Show new events', () => this.change({}), { kind: 'small', name: 'refresh' }),
			),
		);
	}

	#toolbar() {
		const { table, event, key } = this.query;
		const search = searchField(this, 'Search key, person or reason');
		const select = (label, name, value, options) => {
			const id = newId(name);
			const element = h(
				'select',
				{
					class: 'input',
					id,
					on: { change: () => this.change({ [name]: element.value, key: name === 'table' ? null : this.query.key }) },
				},
				options.map(([option, text]) => h('option', { value: option, selected: option === (value ?? '') }, text)),
			);
			return h('div', { class: 'narrow' }, h('label', { class: 'visually-hidden', htmlFor: id }, label), element);
		};
		const named = this.#tables.find((each) => each.name === table);
		return h(
			'form',
			{ class: 'toolbar', role: 'search', on: { submit: (submit) => submit.preventDefault() } },
			h('div', { class: 'search grow' }, icon('search'), search),
			select('Table', 'table', named?.table ?? table, [
				['', 'All tables'],
				...this.#tables.map((each) => [each.table, each.name]),
			]),
			select('Event', 'event', event, [['', 'All events'], ...Object.entries(eventNames)]),
			key ? this.filterChip(`key = ${key}`, { key: null }) : null,
		);
	}

	draw() {
		this.results.replaceChildren(
			this.#events.length
				? this.#table()
				: h(
						'div',
						{ class: 'data' },
						emptyState({
							name: 'history',
							title: 'Nothing recorded',
							text: 'No event matches, or the history was purged.',
						}),
					),
		);
		this.drawPager();
	}

	summary() {
		const n = this.#events.length;
		return n === 1 ? 'One event' : `${n} events`;
	}

	#table() {
		const heads = ['When', 'What', 'Row', 'Holder', 'By', 'Reason'];
		return h(
			'div',
			{ class: 'data stack' },
			h(
				'table',
				{ role: 'table', 'aria-label': 'History of locks' },
				h(
					'thead',
					{ role: 'rowgroup' },
					h(
						'tr',
						{ role: 'row' },
						heads.map((text) => h('th', { role: 'columnheader', scope: 'col' }, text)),
					),
				),
				h('tbody', { role: 'rowgroup' }, this.#events.map(row)),
			),
		);
	}
}

function row(recorded) {
	const { at, event, name, key, owner, actor, session_role: role, client_addr: address, reason } = recorded;
	const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
	const by = actor === owner ? h('span', { class: 'quiet cell name' }, 'the holder') : h('span', { class: 'cell name' }, actorName(recorded));
	by.title = [...(actor && actor !== actorName(recorded) ? [actor] : []), `role ${role}`, address ? `from ${address}` : 'from this machine'].join(', ');
	return h(
		'tr',
		{ role: 'row' },
		cell('When', h('time', { class: 'number', dateTime: at, title: exactMoment(at) }, moment(at)), 'fit when'),
		cell('What', h('span', { class: `chip ${KINDS[event] ?? ''}` }, eventNames[event] ?? event), 'fit what'),
		h(
			'th',
			{ role: 'rowheader', scope: 'row', data: { label: 'Row' } },
			rowName(name, key),
		),
		cell('Holder', h('span', { class: 'cell name' }, owner)),
		cell('By', by, actor === owner ? 'spare' : ''),
		cell('Reason', h('span', { class: reason ? 'wrap-any' : '' }, reason ?? ''), reason ? '' : 'spare'),
	);
}
