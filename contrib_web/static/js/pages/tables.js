/**
 * The tables and their protection, which users with the privilege can change.
 */
import { t } from '../lang/texts.js';
import { Problem, tablePath } from '../client/api.js';
import { h, hidden, icon, newId } from '../ui/dom.js';
import { toastProblem } from '../parts/problem-toast.js';
import { protectionForm, showProblem } from '../parts/protection-form.js';
import { repairButton } from '../parts/repair.js';
import { paths } from '../model/route.js';
import { count, duration } from '../model/text.js';
import { toast } from '../ui/announce.js';
import { focusMayMove } from '../ui/attention.js';
import { ask } from '../ui/dialog.js';
import { banner, button, emptyState } from '../ui/widgets.js';
import { labelOf, tableLabel } from '../model/column.js';

/** Delay before a reload, since events come in bursts, in milliseconds. */
const SETTLE = 500;

/** The columns: header, class, and whether unprotected tables have them. */
const HEADS = [
	['head.table', '', true],
	['head.locked_now', 'number', false],
	['head.rows', 'number', true],
	['head.locking', '', false],
	['head.ends_after', '', false],
	[null, 'fit', true],
];

/** Implements Page of app.js. */
export class TablesPage {
	title = t('tables.title');
	#app;
	#tables = [];
	#stop = new AbortController();
	#timer = null;
	#lists = h('div', {});

	/** @param {object} app */
	constructor(app) {
		this.#app = app;
	}

	async load() {
		await this.#fetch();
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
					h('p', { class: 'quiet' }, t('tables.text')),
				),
			),
			this.#lists,
		);
		const { signal } = this.#stop;
		for (const type of ['lock', 'reset']) this.#app.live.addEventListener(type, () => this.#soon(), { signal });
	}

	close() {
		this.#stop.abort();
		clearTimeout(this.#timer);
	}

	async #fetch() {
		const { data } = await this.#app.api.get('/tables');
		this.#tables = data.tables;
		this.#render();
	}

	#soon() {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#fetch().catch(() => {}), SETTLE);
	}

	#render() {
		const isProtected = this.#tables.filter(({ protection }) => protection);
		const others = this.#tables.filter(({ protection }) => !protection);
		const focused = document.activeElement?.closest?.('[data-act]');
		const again = focused && [focused.dataset.table, focused.dataset.act];
		this.#lists.replaceChildren(
			isProtected.length
				? this.#list(t('tables.protected'), isProtected)
				: h(
						'div',
						{ class: 'data' },
						emptyState({
							name: 'shield',
							title: t('tables.none'),
							text: t('tables.none.text'),
						}),
					),
			...(others.length ? [h('h2', { class: 'section' }, t('tables.not_protected')), this.#list(t('tables.not_protected'), others)] : []),
		);
		if (again)
			[...this.#lists.querySelectorAll('[data-act]')]
				.find(({ dataset }) => dataset.table === again[0] && dataset.act === again[1])
				?.focus();
	}

	#list(label, tables) {
		const heads = tables[0].protection ? HEADS : HEADS.filter(([, , always]) => always);
		return h(
			'div',
			{ class: 'data stack' },
			h(
				'table',
				{ role: 'table', 'aria-label': label },
				h(
					'thead',
					{ role: 'rowgroup' },
					h(
						'tr',
						{ role: 'row' },
						heads.map(([head, kind]) =>
							head ? h('th', { role: 'columnheader', scope: 'col', class: kind }, t(head)) : h('td', { role: 'cell', class: kind }),
						),
					),
				),
				h(
					'tbody',
					{ role: 'rowgroup' },
					tables.map((table) => this.#row(table)),
				),
			),
		);
	}

	#row(table) {
		const { protection, locks } = table;
		const cell = (label, content, kind = '') => h('td', { role: 'cell', class: kind, data: { label } }, content);
		const lockCount = locks
			? h(
					'a',
					{ class: 'chip theirs', href: paths.locks({ table: table.table }) },
					icon('lock'),
					h('span', { 'aria-hidden': 'true' }, String(locks)),
					hidden(t('tables.locked_rows', { n: locks, table: tableLabel(table.name) })),
				)
			: h('span', { class: 'quiet' }, '0');
		return h(
			'tr',
			{ role: 'row' },
			h(
				'th',
				{ role: 'rowheader', scope: 'row', class: 'lead' },
				h('div', {}, this.#name(table), remarks(table)),
			),
			protection ? cell(t('head.locked_now'), lockCount, 'number') : null,
			cell(t('head.rows'), rowCount(table), 'number'),
			protection ? cell(t('head.locking'), h('span', { class: 'chips' }, settings(table))) : null,
			protection ? cell(t('head.ends_after'), h('span', {}, Number.isFinite(table.time_until_expiration) ? duration(table.time_until_expiration) : t('time.never'))) : null,
			h('td', { role: 'cell', class: 'fit ends' }, h('div', { class: 'button-row' }, this.#actions(table))),
		);
	}

	#name({ has_key: hasKey, may, table, name }) {
		return hasKey && may.select ? h('a', { href: paths.rows(name ?? table), title: name }, tableLabel(name)) : h('span', { title: name }, tableLabel(name));
	}

	#actions(table) {
		if (!table.may.protect || !table.has_key) return null;
		const marked = (element, act) => {
			Object.assign(element.dataset, { act, table: table.table });
			return element;
		};
		const act = (text, what, name) =>
			marked(button(text, what, { kind: 'small', name, label: `${t('text.labelled', { label: text })} ${tableLabel(table.name)}` }), name);
		if (!table.protection) return act(t('protect.protect'), () => this.#protect(table), 'shield');
		return [
			table.protection.guarded ? null : marked(repairButton(this.#app.api, table, () => this.#fetch().catch(() => {})), 'refresh'),
			act(t('protect.settings'), () => this.#protect(table), 'settings'),
		].filter(Boolean);
	}

	async #protect(summary) {
		const mayOpen = focusMayMove();
		const { data: table } = await this.#app.api.get(tablePath(summary.table)).catch((error) => toastProblem(error) ?? {});
		if (!table || !mayOpen()) return; // no dialog opens while the user types
		const form = protectionForm(table);
		const isNew = !table.protection;
		const answer = await ask({
			name: 'protect',
			title: t(isNew ? 'protect.title' : 'protect.settings_of', { table: tableLabel(table.name) }),
			body: form.body,
			choices: [
				...(isNew ? [] : [{ value: 'unprotect', text: t('protect.unprotect_'), kind: 'plain bad push' }]),
				{ value: 'no', text: t('action.cancel') },
				{ value: 'yes', text: t(isNew ? 'protect.protect' : 'protect.save') },
			],
			check: async (choice, dialog) => choice !== 'yes' || this.#send(table, form, dialog),
		});
		if (answer === 'unprotect') await this.#unprotect(table);
		if (answer === 'yes') toast(t(isNew ? 'protect.protected' : 'protect.saved', { table: tableLabel(table.name) }));
		if (answer !== 'no') await this.#fetch().catch(() => {});
	}

	async #send(table, form, dialog) {
		const settings = form.read();
		if (!settings) return false;
		const mayFocus = focusMayMove();
		try {
			await this.#app.api.put(`${tablePath(table.table)}/protection`, settings);
			return true;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			return showProblem(dialog, error, mayFocus());
		}
	}

	async #unprotect(table) {
		const note = newId('note');
		const answer = await ask({
			name: 'unprotect',
			title: t('protect.unprotect_title', { table: tableLabel(table.name) }),
			alert: true,
			body: [
				h(
					'p',
					{ id: note },
					t('protect.unprotect_text'),
				),
				table.locks
					? banner('warn', { icon: 'lock', title: t('protect.locked_now', { n: table.locks }), text: t('protect.locks_end', { n: table.locks }) })
					: null,
			].filter(Boolean),
			choices: [
				{ value: 'no', text: t('action.cancel') },
				{ value: 'yes', text: t('protect.unprotect'), kind: 'danger' },
			],
		});
		if (answer !== 'yes') return;
		try {
			await this.#app.api.delete(`${tablePath(table.table)}/protection`);
			toast(t('protect.unprotected', { table: tableLabel(table.name) }));
		} catch (error) {
			toastProblem(error);
		}
	}

}

const rowCount = ({ rows_estimate: n }) =>
	n === null ? h('span', { class: 'quiet', title: t('tables.not_counted') }, '–') : h('span', {}, count(n));

/** Texts below a table's name. */
function remarks({ comment, has_key: hasKey }) {
	const words = [comment, hasKey ? null : t('tables.no_key')];
	return words.filter(Boolean).map((text) => h('span', { class: 'quiet small block' }, text));
}

/** The settings as chips. */
function settings({ protection }) {
	const { hard, required, columns, parent, guarded } = protection;
	const chip = (text, title, kind = '') => h('span', { class: `chip ${kind}`, title }, text);
	return [
		guarded ? null : chip(t('chip.not_enforced'), t('chip.not_enforced.text'), 'bad'),
		guarded && hard ? chip(t('chip.enforced'), t('chip.enforced.text')) : null,
		hard ? null : chip(t('chip.soft'), t('chip.soft.text')),
		required ? chip(t('chip.required'), t('protect.required')) : null,
		columns ? chip(t('chip.columns', { n: columns.length }), t('chip.columns.text', { columns: columns.map((name) => labelOf({ name })).join(', ') })) : null,
		parent ? chip(t('chip.parent'), t('chip.parent.text', { parent })) : null,
	];
}
