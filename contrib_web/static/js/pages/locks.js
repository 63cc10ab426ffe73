/**
 * All locks. Users with the privilege can end several at once.
 */
import { t } from '../lang/texts.js';
import { timed } from '../model/lock-time.js';
import { paths } from '../model/route.js';
import { breakLocks } from '../parts/break-locks.js';
import { idOf, locksTable } from '../parts/locks-table.js';
import { SelectionBar } from '../parts/selection-bar.js';
import { unlock } from '../parts/unlock.js';
import { h, icon, newId } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import { emptyState } from '../ui/widgets.js';
import { ListPage, searchField } from './list-page.js';
import { tableLabel } from '../model/column.js';

/** For how long a lock has been held: seconds, and words. */
const HELD = [
	['', 'held.any'],
	['300', 'held.5_minutes'],
	['3600', 'held.hour'],
	['28800', 'held.8_hours'],
	['86400', 'held.day'],
];

/** Implements Page of app.js and the methods of ListPage. */
export class LocksPage extends ListPage {
	title = t('locks.title');
	#locks = [];
	#tables = [];
	#chosen = new Set();
	#bar = new SelectionBar({
		chooseAll: (on) => this.#chooseAll(on),
		breakChosen: () => this.#breakChosen(),
	});

	/**
	 * @param {object} app
	 * @param {{ query: object }} route
	 */
	constructor(app, { query }) {
		super(app, query);
	}

	async load() {
		const [tables] = await Promise.all([this.app.api.get('/tables'), this.refetch()]);
		this.#tables = tables.data.tables.filter(({ protection }) => protection);
		this.element = h(
			'div',
			{},
			h(
				'div',
				{ class: 'page-head' },
				h(
					'div',
					{},
					h('h1', { tabIndex: -1 }, this.title),
					h('p', { class: 'quiet' }, t('locks.text')),
				),
			),
			this.#toolbar(),
			this.#bar.element,
			this.results,
			this.pager,
		);
		this.draw();
		for (const type of ['lock', 'reset']) this.app.live.addEventListener(type, () => this.reloadSoon(), { signal: this.signal });
	}

	async fetch({ q, table, mine, held, sort, dir, after, before }) {
		const reply = await this.app.api.get('/locks', { q, table, mine, held, sort, dir, after, before });
		await this.app.labels.load(reply.data.locks);
		return reply;
	}

	take({ locks }, sentAt) {
		this.#locks = locks.map((lock) => timed(lock, sentAt));
	}

	address(query) {
		return paths.locks(query);
	}

	summary() {
		return t('locks.count', { n: this.#locks.length });
	}

	draw() {
		this.watchEnds(this.#locks);
		const ids = new Set(this.#locks.map(idOf));
		this.#chosen = new Set([...this.#chosen].filter((id) => ids.has(id)));
		const again = this.#focused();
		const content = this.#locks.length ? this.#table() : h('div', { class: 'data' }, nothing(this.query));
		keepFocus(this.results, () => this.results.replaceChildren(content), () => again && this.results.querySelector(again));
		this.#showChosen();
		this.drawPager();
	}

	// Finds the element of the same function after a new drawing.
	#focused() {
		const at = document.activeElement;
		if (!this.results.contains(at)) return null;
		const { id } = at.closest('tr')?.dataset ?? {};
		const { column } = at.closest('th')?.dataset ?? {};
		if (column) return `th[data-column="${column}"] button`;
		return id && at.dataset.control ? `tr[data-id="${CSS.escape(id)}"] [data-control="${at.dataset.control}"]` : null;
	}

	#table() {
		return locksTable(this.#locks, {
			chosen: this.#mayBreak ? this.#chosen : null,
			choose: (id, on) => this.#choose(id, on),
			chooseAll: (on) => this.#chooseAll(on),
			unlock: (lock) => this.#unlock(lock),
			labelOf: (lock) => this.#labelOf(lock),
			order: this.query,
			sort: (order) => this.change(order),
		});
	}

	#toolbar() {
		const { table, mine, held } = this.query;
		const search = searchField(this, t('locks.search'));
		const select = h(
			'select',
			{ class: 'input', id: newId('table'), on: { change: () => this.change({ table: select.value }) } },
			h('option', { value: '' }, t('tables.all')),
			this.#tables.map((each) =>
				h('option', { value: each.table, selected: each.table === table || each.name === table }, tableLabel(each.name)),
			),
		);
		const longer = h(
			'select',
			{ class: 'input', id: newId('held'), on: { change: () => this.change({ held: longer.value }) } },
			HELD.map(([seconds, label]) => h('option', { value: seconds, selected: seconds === (held ?? '') }, t(label))),
		);
		const onlyMine = h('input', {
			type: 'checkbox',
			checked: mine === 'true',
			on: { change: () => this.change({ mine: onlyMine.checked ? 'true' : null }) },
		});
		return h(
			'form',
			{ class: 'toolbar', role: 'search', on: { submit: (event) => event.preventDefault() } },
			h('div', { class: 'search grow' }, icon('search'), search),
			h('div', { class: 'narrow' }, h('label', { class: 'visually-hidden', htmlFor: select.id }, t('head.table')), select),
			h('div', { class: 'narrow' }, h('label', { class: 'visually-hidden', htmlFor: longer.id }, t('locks.held_for')), longer),
			h('label', { class: 'check toggle' }, onlyMine, t('locks.mine_only')),
		);
	}

	/* Choosing and ending */

	get #mayBreak() {
		return this.app.session.may.break_locks;
	}

	#choose(id, on) {
		if (on) this.#chosen.add(id);
		else this.#chosen.delete(id);
		this.#showChosen();
	}

	#chooseAll(on) {
		this.#chosen = new Set(on ? this.#locks.map(idOf) : []);
		for (const box of this.results.querySelectorAll('[data-control="choose"]')) box.checked = on;
		this.#showChosen();
	}

	#showChosen() {
		const n = this.#chosen.size;
		const all = this.results.querySelector('[data-all]');
		if (all) {
			all.checked = n > 0 && n === this.#locks.length;
			all.indeterminate = n > 0 && n < this.#locks.length;
		}
		this.#bar.show(n, this.#locks.length);
	}

	#labelOf({ table, key }) {
		return this.app.labels.of(table, key);
	}

	async #unlock(lock) {
		if (await unlock(this.app, lock, this.#mayBreak)) await this.reload({ quiet: true });
	}

	async #breakChosen() {
		const locks = this.#locks.filter((lock) => this.#chosen.has(idOf(lock)));
		if (!(await breakLocks(this.app, locks, (lock) => this.#labelOf(lock)))) return;
		this.#chosen.clear();
		await this.reload({ quiet: true });
	}
}

function nothing({ q, table, mine, held }) {
	return q || table || mine || held
		? emptyState({ name: 'search', title: t('locks.no_such'), text: t('locks.no_such.text') })
		: emptyState({
				name: 'unlock',
				title: t('locks.none'),
				text: t('locks.none.text'),
			});
}
