/**
 * What happened to locks: filters and pages, the latest first.
 */
import { Problem } from '../api.js';
import { h, icon, newId } from '../dom.js';
import { explain } from '../model/problem.js';
import { paths } from '../model/route.js';
import { eventNames, exactMoment, moment } from '../model/text.js';
import { announce, banner, button, emptyState } from '../ui.js';

const TYPING = 250;
const KINDS = { acquired: 'mine', resumed: 'mine', broken: 'bad', taken_over: 'theirs', expired: 'warn', released: '' };

export class HistoryPage {
	title = 'History';
	#app;
	#query;
	#events = [];
	#tables = [];
	#cursors = { next: null, prev: null };
	#timers = {};
	#stop = new AbortController();
	#loads = 0;
	#news = h('div', { hidden: true });
	#results = h('div', {});
	#pager = h('nav', { class: 'pager', 'aria-label': 'Pages of the list' });

	constructor(app, { query }) {
		this.#app = app;
		this.#query = query;
	}

	async load() {
		const [tables] = await Promise.all([this.#app.api.get('/tables'), this.#fetch()]);
		this.#tables = tables.data.tables;
		this.element = h('div', {},
			h('div', { class: 'page-head' }, h('div', {}, h('h1', { tabIndex: -1 }, 'History'), h('p', { class: 'quiet' }, 'Who locked what, and how it ended.'))),
			this.#toolbar(), this.#news, this.#results, this.#pager);
		this.#render();
		this.#app.live.addEventListener('lock', () => this.#more(), { signal: this.#stop.signal });
	}

	close() {
		this.#stop.abort();
		clearTimeout(this.#timers.typing);
	}

	async #fetch() {
		const load = ++this.#loads;
		const { q, table, key, event, owner, actor, after, before } = this.#query;
		const { data } = await this.#app.api.get('/history', { q, table, key, event, owner, actor, after, before });
		if (load !== this.#loads) return false;
		this.#events = data.events;
		this.#cursors = { next: data.next, prev: data.prev };
		return true;
	}

	async #reload() {
		this.#news.hidden = true;
		try {
			if (!await this.#fetch()) return;
			this.#render();
			announce(this.#summary());
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			const { title, detail, advice } = explain(error.status, error.problem);
			this.#results.replaceChildren(banner('bad', { icon: 'warn', title, text: `${detail} ${advice}`, actions: [button('Try again', () => this.#reload(), { name: 'refresh' })] }));
		}
	}

	#change(query) {
		this.#query = { ...this.#query, after: null, before: null, ...query };
		this.#app.router.rename(paths.history(this.#query));
		return this.#reload();
	}

	// A list that moves under the reader's eyes cannot be read: offer what is new.
	#more() {
		if (!this.#news.hidden) return;
		this.#news.hidden = false;
		this.#news.replaceChildren(h('div', { class: 'news' }, button('Show what has happened since', () => this.#change({}), { kind: 'small', name: 'refresh' })));
	}

	#toolbar() {
		const { q, table, event, key } = this.#query;
		const search = h('input', { class: 'input', type: 'search', value: q ?? '', placeholder: 'Search key, person or reason', autocomplete: 'off', spellcheck: false, 'aria-label': 'Search key, person or reason', on: { input: () => this.#typed(search.value) } });
		const select = (label, name, value, options) => {
			const id = newId(name);
			const element = h('select', { class: 'input', id, on: { change: () => this.#change({ [name]: element.value, key: name === 'table' ? null : this.#query.key }) } },
				options.map(([option, text]) => h('option', { value: option, selected: option === (value ?? '') }, text)));
			return h('div', { class: 'narrow' }, h('label', { class: 'visually-hidden', htmlFor: id }, label), element);
		};
		const named = this.#tables.find((each) => each.name === table);
		return h('form', { class: 'toolbar', role: 'search', on: { submit: (submit) => submit.preventDefault() } },
			h('div', { class: 'search grow' }, icon('search'), search),
			select('Table', 'table', named?.table ?? table, [['', 'All tables'], ...this.#tables.map((each) => [each.table, each.name])]),
			select('Event', 'event', event, [['', 'All events'], ...Object.entries(eventNames)]),
			key ? this.#keyChip(key) : null);
	}

	#keyChip(key) {
		const chip = h('span', { class: 'chip filter' }, `key = ${key}`);
		chip.append(button('', () => { chip.remove(); return this.#change({ key: null }); }, { kind: 'plain icon-only small', name: 'close', label: `Take away the filter key = ${key}` }));
		return chip;
	}

	#typed(q) {
		clearTimeout(this.#timers.typing);
		this.#timers.typing = setTimeout(() => this.#change({ q }), TYPING);
	}

	#render() {
		this.#results.replaceChildren(this.#events.length ? this.#table() : h('div', { class: 'data' }, emptyState({ name: 'history', title: 'Nothing recorded', text: 'Nothing that fits has happened, or the history was purged.' })));
		const { next, prev } = this.#cursors;
		const move = (text, name, cursor) => {
			const element = button(text, () => this.#change(cursor).then(() => scrollTo({ top: 0 })), { kind: 'small', name });
			element.disabled = Object.values(cursor)[0] === null;
			return element;
		};
		this.#pager.hidden = !next && !prev;
		this.#pager.replaceChildren(h('span', { class: 'quiet small' }, this.#summary()), h('div', { class: 'button-row' }, move('Later', 'left', { before: prev }), move('Earlier', 'right', { after: next })));
	}

	#summary() {
		const n = this.#events.length;
		return n === 1 ? 'One event' : `${n} events`;
	}

	#table() {
		const heads = ['When', 'What', 'Row', 'Holder', 'By', 'Reason'];
		return h('div', { class: 'data stack' }, h('table', { role: 'table', 'aria-label': 'History of locks' },
			h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads.map((text) => h('th', { role: 'columnheader', scope: 'col' }, text)))),
			h('tbody', { role: 'rowgroup' }, this.#events.map(row))));
	}
}

function row({ at, event, name, key, owner, actor, session_role: role, client_addr: address, reason }) {
	const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
	const by = actor === owner ? h('span', { class: 'quiet cell name' }, 'the holder') : h('span', { class: 'cell name' }, actor);
	by.title = [`role ${role}`, address ? `from ${address}` : 'from this machine'].join(', ');
	return h('tr', { role: 'row' },
		cell('When', h('time', { class: 'number', dateTime: at, title: exactMoment(at) }, moment(at)), 'fit when'),
		cell('What', h('span', { class: `chip ${KINDS[event] ?? ''}` }, eventNames[event] ?? event), 'fit what'),
		h('th', { role: 'rowheader', scope: 'row', data: { label: 'Row' } }, h('a', { class: 'cell', href: paths.row(name, key) }, h('span', { class: 'table-name' }, name), ' ', h('span', { class: 'key' }, key))),
		cell('Holder', h('span', { class: 'cell name' }, owner)),
		cell('By', by, actor === owner ? 'spare' : ''),
		cell('Reason', h('span', { class: reason ? 'wrap-any' : '' }, reason ?? ''), reason ? '' : 'spare'));
}
