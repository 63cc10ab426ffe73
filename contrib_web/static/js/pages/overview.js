/**
 * Locks of all protected tables in figures, for those who may read
 * locking.stats.
 */
import { t } from '../lang/texts.js';
import { gateHealth, grouped, growth, sum, total } from '../model/figures.js';
import { paths } from '../model/route.js';
import { count, duration, moment } from '../model/text.js';
import { bars } from '../parts/bars.js';
import { repairButton } from '../parts/repair.js';
import { h } from '../ui/dom.js';
import { emptyState } from '../ui/widgets.js';
import { tableLabel } from '../model/column.js';

/** Time between two readings, in milliseconds. */
const EVERY = 15000;
/** How many samples, of five minutes each, make a bar. */
const PER_BAR = 6;

/** Columns of counters: header, member of the figures, whether a chart. */
const COUNTERS = [
	['figure.refused_writes', 'refused_writes', true],
	['figure.takeovers', 'takeovers', true],
	['figure.expired', 'expiries', false],
	['figure.lost', 'lost', false],
];

/** Implements Page of app.js. */
export class OverviewPage {
	title = t('overview.title');
	#app;
	#data;
	/** Tables that the user may repair, by their names in the figures. */
	#repairable = new Map();
	#timer = null;
	#content = h('div', {});

	/** @param {object} app */
	constructor(app) {
		this.#app = app;
	}

	async load() {
		await this.#read();
		this.element = h(
			'div',
			{},
			h('div', { class: 'page-head' }, h('div', {}, h('h1', { tabIndex: -1 }, this.title), h('p', { class: 'quiet' }, t('overview.text')))),
			this.#content,
		);
		this.#timer = setInterval(() => this.#read().catch(() => {}), EVERY);
	}

	close() {
		clearInterval(this.#timer);
	}

	async #read() {
		const { data } = await this.#app.api.get('/overview');
		this.#repairable = data.now.tables.some(isBroken) ? await this.#readRepairable() : new Map();
		this.#data = data;
		this.#draw();
	}

	// Without an answer the figures are shown all the same.
	async #readRepairable() {
		const { data } = await this.#app.api.get('/tables').catch(() => ({ data: { tables: [] } }));
		return new Map(data.tables.filter(({ may, protection }) => may.protect && protection).map((table) => [table.table, table]));
	}

	#draw() {
		const { now, samples } = this.#data;
		const focused = functionOf(this.#content, document.activeElement);
		this.#content.replaceChildren(
			this.#tiles(),
			now.tables.length
				? tablesOf(now.tables, samples, (figures) => this.#guard(figures))
				: h('div', { class: 'data' }, emptyState({ name: 'shield', title: t('tables.none') })),
			h('p', { class: 'quiet small below' }, this.#since()),
		);
		if (focused) [...this.#content.querySelectorAll('a, button')].find((each) => functionOf(this.#content, each) === focused)?.focus();
	}

	#guard(figures) {
		const table = isBroken(figures) ? this.#repairable.get(figures.table) : null;
		const repair = table ? repairButton(this.#app.api, table, () => this.#read().catch(() => {})) : null;
		return [guardChip(figures), repair];
	}

	#tiles() {
		const { now, sessions, streams } = this.#data;
		const longest = Math.max(...now.tables.map(({ longest_held: seconds }) => seconds ?? 0), 0);
		const gate = gateHealth(now.gate);
		return h(
			'dl',
			{ class: 'tiles' },
			tile(t('head.locked_now'), h('a', { href: paths.locks() }, count(sum(now.tables, 'live_locks') ?? 0))),
			tile(t('figure.longest_held'), longest ? duration(longest) : '–'),
			tile(t('figure.refused_writes'), counted(sum(now.tables, 'refused_writes'))),
			tile(t('figure.takeovers'), counted(sum(now.tables, 'takeovers'))),
			tile(t('figure.sessions'), count(sessions), t('figure.live', { n: streams })),
			tile(t('figure.gate'), gate.title, gate.text, gate.isGood ? '' : 'warn'),
		);
	}

	#since() {
		const { now, samples } = this.#data;
		const times = now.tables.map(({ since }) => since).filter(Boolean).sort();
		const counted = times.length ? t('overview.counted', { since: moment(times[0]) }) : t('overview.not_counted');
		const charts = samples.length
			? t('overview.charts', { since: moment(samples[0].at) })
			: t('overview.no_charts');
		return `${counted} ${charts}`;
	}
}

const isBroken = ({ guarded }) => guarded === false;

// The same for the elements of two drawings that have the same function; null
// outside of them.
const functionOf = (content, at) =>
	content.contains(at) ? JSON.stringify([at.closest('tr')?.dataset.table, at.closest('td')?.dataset.label, at.localName]) : null;

const counted = (n) => (n === null ? '–' : count(n));

function tile(label, value, note = '', kind = '') {
	return h('div', { class: `tile ${kind}` }, h('dt', {}, label), h('dd', {}, value), note ? h('dd', { class: 'quiet small' }, note) : null);
}

function tablesOf(tables, samples, guard) {
	const head = (key, kind = 'number') => h('th', { role: 'columnheader', scope: 'col', class: kind }, t(key));
	const heads = [head('head.table', ''), ...['head.locked_now', 'figure.longest_held', ...COUNTERS.map(([label]) => label)].map((key) => head(key)), head('figure.guard', '')];
	return h(
		'div',
		{ class: 'data stack' },
		h(
			'table',
			{ role: 'table', 'aria-label': t('tables.protected_tables') },
			h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads)),
			h('tbody', { role: 'rowgroup' }, tables.map((each) => rowOf(each, samples, guard(each)))),
		),
	);
}

function rowOf(figures, samples, guard) {
	const cell = (label, content, kind = 'number') => h('td', { role: 'cell', class: kind, data: { label } }, h('span', { class: 'counted' }, content));
	const { table, name: tableName, live_locks: locks, longest_held: longest } = figures;
	return h(
		'tr',
		{ role: 'row', data: { table } },
		h('th', { role: 'rowheader', scope: 'row', class: 'lead', title: table }, tableLabel(tableName ?? table)),
		cell(t('head.locked_now'), locks ? h('a', { href: paths.locks({ table }) }, count(locks)) : '0'),
		cell(t('figure.longest_held'), longest ? duration(longest) : '–'),
		...COUNTERS.map(([label, name, hasChart]) =>
			cell(t(label), [hasChart ? chart(samples, table, name, t(label)) : null, counted(figures[name])]),
		),
		cell(t('figure.guard'), guard, ''),
	);
}

function chart(samples, table, name, label) {
	const steps = growth(samples, table, name);
	if (total(steps) === 0) return null; // nothing to see
	return bars({ steps: grouped(steps, PER_BAR), label: t('figure.chart', { label, since: moment(samples[0].at), n: total(steps) }) });
}

function guardChip({ guarded }) {
	if (guarded === null) return h('span', { class: 'quiet' }, '–');
	return guarded
		? h('span', { class: 'chip' }, t('chip.complete'))
		: h('a', { class: 'chip bad', href: paths.tables(), title: t('chip.repair_in_list') }, t('chip.not_enforced'));
}
