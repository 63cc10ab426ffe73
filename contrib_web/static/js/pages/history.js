/**
 * The history of locks, latest first, with filters and pages.
 */
import { h, icon, newId } from '../ui/dom.js';
import { paths } from '../model/route.js';
import { entries } from '../model/history.js';
import { namesIn } from '../model/people.js';
import { actorName, briefDuration, dayStart, eventNames, exactMoment, moment } from '../model/text.js';
import { person } from '../parts/person.js';
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
	#entries = [];
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

	async fetch({ q, table, key, event, owner, actor, from, to, after, before }) {
		const days = { since: dayStart(from), until: dayStart(to, 1) };
		const reply = await this.app.api.get('/history', { q, table, key, event, owner, actor, ...days, after, before });
		await this.app.labels.load(reply.data.events);
		return reply;
	}

	take({ events }) {
		this.#news.hidden = true;
		this.#events = events;
		this.#entries = entries(events);
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
		const day = (label, name) => {
			const id = newId(name);
			const input = h('input', {
				class: 'input',
				type: 'date',
				id,
				value: this.query[name] ?? '',
				on: { change: () => input.validity.badInput || this.change({ [name]: input.value }) },
			});
			return h('div', { class: 'day' }, h('label', { class: 'quiet small', htmlFor: id }, label), input);
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
			day('From', 'from'),
			day('To', 'to'),
			key ? this.filterChip(this.app.labels.of(this.#events[0]?.table ?? table, key), () => this.change({ key: null })) : null,
		);
	}

	draw() {
		this.results.replaceChildren(
			this.#entries.length
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
		const n = this.#entries.length;
		return n === 1 ? '1 entry' : `${n} entries`;
	}

	#table() {
		const heads = ['When', 'Who', 'What', 'Row', 'Ended by', 'Reason'];
		const names = namesIn(this.#events, [this.app.session]);
		const context = { names, labels: this.app.labels };
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
				h('tbody', { role: 'rowgroup' }, this.#entries.map((entry) => row(entry, context))),
			),
		);
	}
}

function row(entry, { names, labels }) {
	const { at, since, event, table, name, key, owner, actor, reason } = entry;
	const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
	const isOwn = actor === owner || event === 'expired';
	const when = since ? `${exactMoment(since)} – ${exactMoment(at)}` : exactMoment(at);
	return h(
		'tr',
		{ role: 'row' },
		cell('When', h('time', { class: 'number', dateTime: at, title: when }, moment(since ?? at)), 'fit when'),
		cell('Who', person({ owner, owner_name: names.get(owner) }), 'lead by'),
		cell('What', h('span', { class: `chip ${KINDS[event] ?? ''}` }, whatHappened(entry)), 'fit what'),
		h(
			'th',
			{ role: 'rowheader', scope: 'row', data: { label: 'Row' } },
			rowName(name, key, labels.of(table, key)),
		),
		cell('Ended by', h('span', { class: 'cell name', title: origin(entry) }, isOwn ? '' : actorName(entry)), isOwn ? 'spare' : ''),
		cell('Reason', h('span', { class: reason ? 'wrap-any' : '' }, reason ?? ''), reason ? '' : 'spare'),
	);
}

/** "Edited · 3 min" of a lock and its release, "Expired · 2 min". */
function whatHappened({ event, seconds }) {
	const name = event === 'released' && seconds !== null ? 'Edited' : (eventNames[event] ?? event);
	return seconds === null ? name : `${name} · ${briefDuration(seconds)}`;
}

function origin({ actor, session_role: role, client_addr: address }) {
	return [actor, `role ${role}`, address ? `from ${address}` : 'from this machine'].filter(Boolean).join(', ');
}
