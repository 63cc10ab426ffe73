/**
 * The history of locks, latest first, with filters and pages.
 */
import { t } from '../lang/texts.js';
import { h, icon, newId } from '../ui/dom.js';
import { paths } from '../model/route.js';
import { entries } from '../model/history.js';
import { namesIn } from '../model/people.js';
import { actorName, briefDuration, dayStart, EVENTS, eventName, exactMoment, moment } from '../model/text.js';
import { person } from '../parts/person.js';
import { button, emptyState } from '../ui/widgets.js';
import { rowName } from '../parts/row-name.js';
import { ListPage, searchField } from './list-page.js';
import { tableLabel } from '../model/column.js';

/** Class of an event's chip, by event. */
const KINDS = { acquired: 'mine', resumed: 'mine', broken: 'bad', taken_over: 'theirs', handed_over: 'theirs', expired: 'warn', released: '' };

/** Implements Page of app.js and the methods of ListPage. */
export class HistoryPage extends ListPage {
	title = t('history.title');
	pagerWords = [t('history.later'), t('history.earlier')];
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
				h('div', {}, h('h1', { tabIndex: -1 }, this.title), h('p', { class: 'quiet' }, t('history.text'))),
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
				button(t('history.show_new'), () => this.change({}), { kind: 'small', name: 'refresh' }),
			),
		);
	}

	#toolbar() {
		const { table, event, key } = this.query;
		const search = searchField(this, t('history.search'));
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
			select(t('head.table'), 'table', named?.table ?? table, [
				['', t('tables.all')],
				...this.#tables.map((each) => [each.table, tableLabel(each.name)]),
			]),
			select(t('history.event'), 'event', event, [['', t('history.all_events')], ...EVENTS.map((name) => [name, eventName(name)])]),
			day(t('list.from'), 'from'),
			day(t('list.to'), 'to'),
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
							title: t('history.none'),
							text: t('history.none.text'),
						}),
					),
		);
		this.drawPager();
	}

	summary() {
		return t('history.count', { n: this.#entries.length });
	}

	#table() {
		const heads = [t('head.when'), t('head.who'), t('head.what'), t('head.row'), t('head.ended_by'), t('head.reason')];
		const names = namesIn(this.#events, [this.app.session]);
		const context = { names, labels: this.app.labels };
		return h(
			'div',
			{ class: 'data stack' },
			h(
				'table',
				{ role: 'table', 'aria-label': t('history.of_locks') },
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
		cell(t('head.when'), h('time', { class: 'number', dateTime: at, title: when }, moment(since ?? at)), 'fit when'),
		cell(t('head.who'), person({ owner, owner_name: names.get(owner) }), 'lead by'),
		cell(t('head.what'), h('span', { class: `chip ${KINDS[event] ?? ''}` }, whatHappened(entry)), 'fit what'),
		h(
			'th',
			{ role: 'rowheader', scope: 'row', data: { label: t('head.row') } },
			rowName(name, key, labels.of(table, key)),
		),
		cell(t('head.ended_by'), h('span', { class: 'cell name', title: origin(entry) }, isOwn ? '' : actorName(entry)), isOwn ? 'spare' : ''),
		cell(t('head.reason'), h('span', { class: reason ? 'wrap-any' : '' }, reason ?? ''), reason ? '' : 'spare'),
	);
}

/** "Edited · 3 min" of a lock and its release, "Expired · 2 min". */
function whatHappened({ event, seconds }) {
	const name = event === 'released' && seconds !== null ? t('event.edited') : eventName(event);
	return seconds === null ? name : `${name} · ${briefDuration(seconds)}`;
}

function origin({ actor, session_role: role, client_addr: address }) {
	return [actor, t('history.role', { role }), address ? t('history.from', { address }) : t('history.from_here')].filter(Boolean).join(', ');
}
