/**
 * All locks: who holds what, live; ending several at once for those who may.
 */
import { Problem } from '../api.js';
import { h, icon, newId } from '../dom.js';
import { explain } from '../model/problem.js';
import { paths } from '../model/route.js';
import { duration, exactMoment, fullName, moment, personName } from '../model/text.js';
import '../parts/lock-holder.js';
import { rowName } from '../parts/row-name.js';
import { timeLeft } from '../parts/time-left.js';
import { unlock } from '../parts/unlock.js';
import { askReason, button, emptyState, toast } from '../ui.js';
import { ListPage, searchField, timed } from './list-page.js';

export class LocksPage extends ListPage {
	title = 'Locks';
	#locks = [];
	#tables = [];
	#chosen = new Set();
	// One bar for all selections: a button keeps the focus while locks come and go.
	#count = h('strong');
	#all = button('Choose all', () => this.#chooseAll(true), { kind: 'small plain' });
	#breakText = h('span');
	#bar = h(
		'div',
		{ class: 'selection', hidden: true },
		this.#count,
		this.#all,
		button('Choose none', () => this.#chooseAll(false), { kind: 'small plain' }),
		button(this.#breakText, () => this.#breakChosen(), { kind: 'small danger', name: 'unlock' }),
	);

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
					h('h1', { tabIndex: -1 }, 'Locks'),
					h('p', { class: 'quiet' }, 'Every row that somebody is editing now, as far as you may see it.'),
				),
			),
			this.#toolbar(),
			this.#bar,
			this.results,
			this.pager,
		);
		this.draw();
		for (const type of ['lock', 'reset']) this.app.live.addEventListener(type, () => this.reloadSoon(), { signal: this.signal });
	}

	get #mayBreak() {
		return this.app.session.may.break_locks;
	}

	fetch({ q, table, mine, after, before }) {
		return this.app.api.get('/locks', { q, table, mine, after, before });
	}

	take({ locks }, sentAt) {
		this.#locks = locks.map((lock) => timed(lock, sentAt));
	}

	address(query) {
		return paths.locks(query);
	}

	#toolbar() {
		const { table, mine } = this.query;
		const search = searchField(this, 'Search key, person or note');
		const select = h(
			'select',
			{ class: 'input', id: newId('table'), on: { change: () => this.change({ table: select.value }) } },
			h('option', { value: '' }, 'All tables'),
			this.#tables.map((each) =>
				h('option', { value: each.table, selected: each.table === table || each.name === table }, each.name),
			),
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
			h('div', { class: 'narrow' }, h('label', { class: 'visually-hidden', htmlFor: select.id }, 'Table'), select),
			h('label', { class: 'check toggle' }, onlyMine, 'Mine only'),
		);
	}

	draw() {
		this.watchEnds(this.#locks);
		const ids = new Set(this.#locks.map(idOf));
		this.#chosen = new Set([...this.#chosen].filter((id) => ids.has(id)));
		const focused = document.activeElement?.closest?.('tr')?.dataset.id;
		const control = document.activeElement?.dataset?.control;
		this.results.replaceChildren(this.#locks.length ? this.#table() : h('div', { class: 'data' }, this.#nothing()));
		if (focused && control)
			this.results.querySelector(`tr[data-id="${CSS.escape(focused)}"] [data-control="${control}"]`)?.focus();
		this.#renderBar();
		this.drawPager();
	}

	#table() {
		const all = this.#mayBreak
			? h('input', {
					type: 'checkbox',
					data: { all: '' },
					'aria-label': 'Choose all',
					on: { change: ({ target }) => this.#chooseAll(target.checked) },
				})
			: null;
		const heads = ['Row', 'Held by', 'Since', 'Ends in', 'Note'];
		return h(
			'div',
			{ class: 'data stack' },
			h(
				'table',
				{ role: 'table', 'aria-label': 'Locks' },
				h(
					'thead',
					{ role: 'rowgroup' },
					h(
						'tr',
						{ role: 'row' },
						all ? h('td', { role: 'cell', class: 'fit' }, all) : null,
						heads.map((text) => h('th', { role: 'columnheader', scope: 'col' }, text)),
					),
				),
				h(
					'tbody',
					{ role: 'rowgroup' },
					this.#locks.map((lock) => this.#row(lock)),
				),
			),
		);
	}

	#row(lock) {
		const id = idOf(lock);
		const box = this.#mayBreak
			? h('input', {
					type: 'checkbox',
					checked: this.#chosen.has(id),
					data: { control: 'choose' },
					'aria-label': `Choose ${lock.name} ${lock.key}, held by ${personName(lock)}`,
					on: { change: ({ target }) => this.#choose(id, target.checked) },
				})
			: null;
		const holder = document.createElement('lock-holder');
		holder.lock = lock;
		holder.querySelector('button').dataset.control = 'unlock';
		holder.addEventListener(
			'lockclick',
			async ({ detail }) => (await unlock(this.app, detail, this.#mayBreak)) && this.reload({ quiet: true }),
		);
		const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
		return h(
			'tr',
			{ role: 'row', data: { id, lock: lock.is_mine ? 'mine' : 'theirs' } },
			box ? h('td', { role: 'cell', class: 'fit choose' }, box) : null,
			h(
				'th',
				{ role: 'rowheader', scope: 'row', class: 'lead' },
				rowName(lock.name, lock.key, { control: 'open' }),
			),
			cell(
				'Held by',
				h(
					'span',
					{ class: 'holder-cell' },
					holder,
					lock.hard ? null : h('span', { class: 'chip', title: 'Others are warned, not refused' }, 'soft'),
				),
			),
			cell('Since', h('span', { class: 'number', title: exactMoment(lock.acquired_at) }, moment(lock.acquired_at))),
			cell('Ends in', h('span', { class: 'number' }, timeLeft(lock.endsAt, { words: duration }))),
			cell('Note', h('span', { class: 'cell', title: lock.note ?? null }, lock.note ?? ''), lock.note ? '' : 'spare'),
		);
	}

	#choose(id, on) {
		if (on) this.#chosen.add(id);
		else this.#chosen.delete(id);
		this.#renderBar();
	}

	#chooseAll(on) {
		this.#chosen = new Set(on ? this.#locks.map(idOf) : []);
		for (const box of this.results.querySelectorAll('[data-control="choose"]')) box.checked = on;
		this.#renderBar();
	}

	#renderBar() {
		const n = this.#chosen.size;
		const all = this.results.querySelector('[data-all]');
		if (all) {
			all.checked = n > 0 && n === this.#locks.length;
			all.indeterminate = n > 0 && n < this.#locks.length;
		}
		this.#bar.hidden = n === 0;
		this.#all.disabled = n === this.#locks.length;
		this.#count.textContent = `${n} chosen`;
		this.#breakText.textContent = n === 1 ? 'Remove lock…' : `Remove ${n} locks…`;
	}

	async #breakChosen() {
		const locks = this.#locks.filter((lock) => this.#chosen.has(idOf(lock)));
		const isOne = locks.length === 1;
		const reason = await askReason({
			title: isOne ? 'Remove this lock?' : `Remove ${locks.length} locks?`,
			text: [
				heldRows(locks),
				`${isOne ? 'The holder is' : 'The holders are'} told at once and keep${isOne ? 's' : ''} what was typed, but cannot save it without locking the row anew.`,
			],
			action: isOne ? 'Remove lock' : 'Remove locks',
			no: isOne ? 'Leave it' : 'Leave them',
		});
		if (reason === null) return;
		try {
			const { data } = await this.app.api.post('/locks/break', {
				locks: locks.map(({ table, key }) => ({ table, key })),
				reason,
			});
			this.#tell(data.results);
			this.#chosen.clear();
			await this.reload({ quiet: true });
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			const { title, detail } = explain(error.status, error.problem);
			toast(`${title}. ${detail}`, { bad: true });
		}
	}

	#tell(results) {
		const broken = results.filter((result) => result.broken).length;
		const refused = results.filter(({ problem }) => problem);
		if (broken) toast(broken === 1 ? 'One lock is removed.' : `${broken} locks are removed.`);
		if (refused.length)
			toast(`${refused.length} could not be removed: ${refused[0].problem.detail ?? refused[0].problem.title}`, { bad: true });
		if (!broken && !refused.length) toast('They had ended already.');
	}

	summary() {
		const n = this.#locks.length;
		return n === 1 ? 'One lock' : `${n} locks`;
	}

	#nothing() {
		const { q, table, mine } = this.query;
		return q || table || mine
			? emptyState({ name: 'search', title: 'No such lock', text: 'Nobody holds a row that fits the search now.' })
			: emptyState({
					name: 'unlock',
					title: 'Nothing is locked',
					text: 'Nobody is editing now. Locks appear here by themselves.',
				});
	}
}

/** Which rows, and who holds them: each holder is named once. */
function heldRows(locks) {
	const people = [...new Set(locks.map(fullName))];
	const rowsOf = (person) => locks.filter((lock) => fullName(lock) === person).map(({ name, key }) => `${name} ${key}`);
	return h(
		'dl',
		{ class: 'facts held' },
		people.map((person) => [h('dt', {}, person), h('dd', {}, rowsOf(person).join(', '))]),
	);
}

const idOf = ({ table, key }) => JSON.stringify([table, key]);
