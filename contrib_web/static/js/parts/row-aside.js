/**
 * The column beside a row's form: related rows, the history of its locks, and
 * the setting of when rows are locked.
 */
import { t } from '../lang/texts.js';
import { h, icon } from '../ui/dom.js';
import { labelOf, tableLabel } from '../model/column.js';
import { paths } from '../model/route.js';
import { entries } from '../model/history.js';
import { namesIn } from '../model/people.js';
import { actorName, briefDuration, count, eventName, exactMoment, moment } from '../model/text.js';
import { lockOnSetting, setLockOn } from '../client/settings.js';
import { person } from './person.js';
import { askPermission, permission } from '../ui/notify.js';
import { button } from '../ui/widgets.js';

/** How many events of the history are read, and how many edits shown. */
const READ = 20;
const LATEST = 5;

/**
 * Fills the column. The same version of the row is not drawn again.
 * @param {HTMLElement} element the column
 * @param {object} options
 * @param {object} options.app
 * @param {object} options.table as the API describes it
 * @param {object|null} options.row as the API returns it; null: a new row
 * @returns {void}
 */
export function rowAside(element, { app, table, row }) {
	if (!row || element.shownRow === row) return;
	element.shownRow = row;
	const isOpen = element.querySelector('details')?.open; // stays open
	const { protection, may } = table;
	element.replaceChildren(
		...[
			references(table, row),
			children(row),
			protection ? history(app, table, row) : null,
			protection && (may.update || may.delete) ? settings() : null,
		].filter(Boolean),
	);
	const details = element.querySelector('details');
	if (isOpen && details) details.open = true;
}

const card = (title, ...content) =>
	h('section', { class: 'card' }, h('header', {}, h('h2', {}, title)), h('div', { class: 'body' }, content));

function references(table, row) {
	const entries = Object.entries(row.references);
	if (!entries.length) return null;
	return card(
		t('row.refers_to'),
		h(
			'ul',
			{ class: 'links' },
			entries.map(([column, { name, key, label }]) =>
				h('li', {}, h('a', { href: paths.row(name, key) }, label), referring(table, column, name)),
			),
		),
	);
}

function referring({ columns }, column, name) {
	const label = labelOf(columns.find((each) => each.name === column) ?? { name: column });
	return h('span', { class: 'quiet small', title: `${name} · ${column}` }, label);
}

function children(row) {
	if (!row.children.length) return null;
	return card(
		t('row.referring'),
		h(
			'ul',
			{ class: 'links' },
			row.children.map(({ name, filter, count: n, more }, _, all) =>
				h(
					'li',
					{},
					h('a', { href: paths.rows(name, { filter: JSON.stringify(filter) }), title: name }, tableLabel(name)),
					h(
						'span',
						{ class: 'quiet small number' },
						[n === null ? null : more ? t('count.or_more', { n }) : count(n), isOnly(name, all) ? null : Object.keys(filter).map((column) => labelOf({ name: column })).join(', ')]
							.filter(Boolean)
							.join(' · '),
					),
				),
			),
		),
	);
}

// The columns are shown only to distinguish several references of a table.
const isOnly = (table, children) => children.filter(({ name }) => name === table).length === 1;

function history(app, table, row) {
	const list = h('ol', { class: 'events' }, h('li', { class: 'quiet' }, t('page.loading')));
	list.addEventListener('stale', () => readEvents(list, app, table, row));
	readEvents(list, app, table, row);
	const all = h('a', { class: 'small', href: paths.history({ table: table.table, key: row.key }) }, t('history.full'));
	return h(
		'section',
		{ class: 'card' },
		h('header', {}, h('h2', {}, t('history.of_row')), all),
		h('div', { class: 'body' }, list),
	);
}

/**
 * Reads the history again after an event of the row's lock.
 * @param {HTMLElement} element the column
 * @returns {void}
 */
export const historyIsStale = (element) => element.querySelector('.events')?.dispatchEvent(new Event('stale'));

function readEvents(list, app, table, row) {
	return app.api
		.get('/history', { table: table.table, key: row.key, limit: READ })
		.then(({ data }) => {
			const names = namesIn(data.events, [app.session]);
			const latest = entries(data.events).slice(0, LATEST);
			list.replaceChildren(...(latest.length ? latest.map((each) => entry(each, names)) : [h('li', { class: 'quiet' }, t('history.none'))]));
		})
		.catch(() => list.replaceChildren(h('li', { class: 'quiet' }, t('page.unavailable'))));
}

// "Anna Albers, 3 min" of an edit, and how it ended if not by its release.
function entry({ at, since, seconds, event, owner, actor, actor_name: name, reason }, names) {
	const isPlain = event === 'released' && seconds !== null;
	const isByOther = actor && actor !== owner && event !== 'expired';
	const what = event === 'acquired' ? t('event.began') : eventName(event);
	return h(
		'li',
		{},
		h('span', { class: 'edit-by' },
			person({ owner, owner_name: names.get(owner) }),
			seconds === null ? null : h('span', { class: 'quiet' }, briefDuration(seconds)),
		),
		h('time', { class: 'quiet number', dateTime: since ?? at, title: exactMoment(since ?? at) }, moment(since ?? at)),
		isPlain ? null : h('span', { class: 'quiet ended' }, event !== 'acquired' && isByOther ? t('event.by', { event: what, who: actorName({ actor, actor_name: name }) }) : what),
		reason ? h('q', { class: 'small' }, reason) : null,
	);
}

function settings() {
	const chosen = lockOnSetting();
	const option = (value, text) =>
		h(
			'label',
			{ class: 'check' },
			h('input', { type: 'radio', name: 'lock-on', value, checked: value === chosen, on: { change: () => setLockOn(value) } }),
			h('span', {}, text),
		);
	return h(
		'details',
		{ class: 'card fold-card' },
		h('summary', {}, icon('settings'), t('lock_on.title')),
		h(
			'fieldset',
			{ class: 'body' },
			h('legend', { class: 'hint' }, t('lock_on.hint')),
			option('open', t('lock_on.open')),
			option('change', t('lock_on.change')),
		),
		notifications(),
	);
}

// The browser asks for the permission once the button is pressed.
function notifications() {
	if (permission() !== 'default') return null;
	const ask = button(t('notify.ask'), async () => (await askPermission()) && ask.remove(), { kind: 'small plain', name: 'hand' });
	ask.title = t('notify.when');
	return h('div', { class: 'body' }, ask);
}
