/**
 * The tables and their protection, which users with the privilege can change.
 */
import { Problem, tablePath } from '../client/api.js';
import { h, icon, newId } from '../ui/dom.js';
import { toastProblem } from '../parts/problem-toast.js';
import { protectionForm, showProblem } from '../parts/protection-form.js';
import { paths } from '../model/route.js';
import { count, duration } from '../model/text.js';
import { toast } from '../ui/announce.js';
import { ask } from '../ui/dialog.js';
import { banner, button, emptyState } from '../ui/widgets.js';

/** Delay before a reload, since events come in bursts, in milliseconds. */
const SETTLE = 500;

/** The columns: header, class, and whether unprotected tables have them. */
const HEADS = [
	['Table', '', true],
	['Locked now', 'number', false],
	['Rows', 'number', true],
	['Locking', '', false],
	['Ends after', '', false],
	['', 'fit', true],
];

/** Implements Page of app.js. */
export class TablesPage {
	title = 'Tables';
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
					h('h1', { tabIndex: -1 }, 'Tables'),
					h('p', { class: 'quiet' }, 'While a user edits a row of a protected table, no other user can change it.'),
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
				? this.#list('Protected', isProtected)
				: h(
						'div',
						{ class: 'data' },
						emptyState({
							name: 'shield',
							title: 'No protected tables',
							text: 'No table is protected yet, or none that you may read.',
						}),
					),
			...(others.length ? [h('h2', { class: 'section' }, 'Not protected'), this.#list('Not protected', others)] : []),
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
						heads.map(([text, kind]) =>
							text ? h('th', { role: 'columnheader', scope: 'col', class: kind }, text) : h('td', { role: 'cell', class: kind }),
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
					String(locks),
					h('span', { class: 'visually-hidden' }, ` locked rows in ${table.name}`),
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
			protection ? cell('Locked now', lockCount, 'number') : null,
			cell('Rows', rowCount(table), 'number'),
			protection ? cell('Locking', h('span', { class: 'chips' }, settings(table))) : null,
			protection ? cell('Ends after', h('span', {}, duration(table.time_until_expiration))) : null,
			h('td', { role: 'cell', class: 'fit ends' }, h('div', { class: 'button-row' }, this.#actions(table))),
		);
	}

	#name({ has_key: hasKey, may, table, name }) {
		return hasKey && may.select ? h('a', { href: paths.rows(name ?? table) }, name) : h('span', {}, name);
	}

	#actions(table) {
		if (!table.may.protect || !table.has_key) return null;
		const act = (text, what, name, kind = 'small') => {
			const element = button(text, what, { kind, name, label: `${text}: ${table.name}` });
			Object.assign(element.dataset, { act: text, table: table.table });
			return element;
		};
		if (!table.protection) return act('Protect', () => this.#protect(table), 'shield');
		return [
			table.protection.guarded ? null : act('Repair', () => this.#repair(table), 'refresh', 'small primary'),
			act('Settings', () => this.#protect(table), 'settings'),
		].filter(Boolean);
	}

	async #protect(summary) {
		const { data: table } = await this.#app.api.get(tablePath(summary.table)).catch((error) => toastProblem(error) ?? {});
		if (!table) return;
		const form = protectionForm(table);
		const isNew = !table.protection;
		const answer = await ask({
			name: 'protect',
			title: isNew ? `Protect ${table.name}` : `Settings of ${table.name}`,
			body: form.body,
			choices: [
				...(isNew ? [] : [{ value: 'unprotect', text: 'Unprotect…', kind: 'plain bad push' }]),
				{ value: 'no', text: 'Cancel' },
				{ value: 'yes', text: isNew ? 'Protect' : 'Save settings' },
			],
			check: async (choice, dialog) => choice !== 'yes' || this.#send(table, form, dialog),
		});
		if (answer === 'unprotect') await this.#unprotect(table);
		if (answer === 'yes') toast(isNew ? `${table.name} is protected now.` : `The settings of ${table.name} are saved.`);
		if (answer !== 'no') await this.#fetch().catch(() => {});
	}

	async #send(table, form, dialog) {
		const settings = form.read();
		if (!settings) return false;
		try {
			await this.#app.api.put(`${tablePath(table.table)}/protection`, settings);
			return true;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			return showProblem(dialog, error);
		}
	}

	// Protecting again with the same settings restores the triggers.
	async #repair({ table, name, protection }) {
		const { hard, required, columns, ttl, warning, parent } = protection;
		try {
			await this.#app.api.put(`${tablePath(table)}/protection`, { hard, required, columns, ttl, warning, parent });
			toast(`${name} is enforced again.`);
		} catch (error) {
			toastProblem(error);
		}
		await this.#fetch().catch(() => {});
	}

	async #unprotect(table) {
		const note = newId('note');
		const answer = await ask({
			name: 'unprotect',
			title: `Remove the protection of ${table.name}?`,
			alert: true,
			body: [
				h(
					'p',
					{ id: note },
					'Every user who may write the table can then change any row at any time, even a row that is being edited.',
				),
				table.locks
					? banner('warn', { icon: 'lock', title: `${table.locks} locked now`, text: 'These locks end at once.' })
					: null,
			].filter(Boolean),
			choices: [
				{ value: 'no', text: 'Cancel' },
				{ value: 'yes', text: 'Unprotect', kind: 'danger' },
			],
		});
		if (answer !== 'yes') return;
		try {
			await this.#app.api.delete(`${tablePath(table.table)}/protection`);
			toast(`${table.name} is no longer protected.`);
		} catch (error) {
			toastProblem(error);
		}
	}

}

const rowCount = ({ rows_estimate: n }) =>
	n === null ? h('span', { class: 'quiet', title: 'Not counted yet' }, '–') : h('span', {}, count(n));

/** Texts below a table's name. */
function remarks({ comment, has_key: hasKey }) {
	const words = [comment, hasKey ? null : 'Without a primary key, its rows cannot be shown or locked here.'];
	return words.filter(Boolean).map((text) => h('span', { class: 'quiet small block' }, text));
}

/** The settings as chips. */
function settings({ protection }) {
	const { hard, required, columns, parent, guarded } = protection;
	const chip = (text, title, kind = '') => h('span', { class: `chip ${kind}`, title }, text);
	return [
		guarded ? null : chip('not enforced', 'A trigger is missing or disabled, so locks stop no write', 'bad'),
		guarded && hard ? chip('enforced', 'Writes by other users are rejected') : null,
		hard ? null : chip('soft', 'Other users are warned, not rejected'),
		required ? chip('lock required', 'Writing needs a lock') : null,
		columns ? chip(`${columns.length} ${columns.length === 1 ? 'column' : 'columns'}`, `Guarded: ${columns.join(', ')}`) : null,
		parent ? chip('with parent', `Guarded by the lock of the row that ${parent} refers to`) : null,
	];
}
