/**
 * The rows that belong to the row of an edit page, because its lock guards
 * them: below the form, each with its own lock.
 */
import { t } from '../lang/texts.js';
import { tablePath } from '../client/api.js';
import { timed } from '../model/lock-time.js';
import { paths } from '../model/route.js';
import { count } from '../model/text.js';
import { h, icon } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import './lock-holder.js';
import { unlock } from './unlock.js';
import { tableLabel } from '../model/column.js';

/** How many rows of a table are shown. */
const SHOWN = 10;
/** Delay before a reload, since events come in bursts, in milliseconds. */
const SETTLE = 400;

/**
 * @param {object} app
 * @param {object} row as the API returns it
 * @param {boolean} mayBreak whether the user may remove others' locks
 * @param {AbortSignal} signal of the page's end
 * @returns {HTMLElement}
 */
export function childrenList(app, row, mayBreak, signal) {
	const guarded = row.children.filter((child) => child.guarded && child.count !== 0);
	return h(
		'div',
		{ class: 'children' },
		guarded.map((child) => childTable(app, child, mayBreak, signal)),
	);
}

function childTable(app, child, mayBreak, signal) {
	const filter = JSON.stringify(child.filter);
	const list = h('ul', { class: 'child-rows' });
	const address = paths.rows(child.name, { filter });
	const newRow = paths.newRow(child.name, { from: filter });
	let timer = null;
	const read = async () => {
		const { data, sentAt } = await app.api
			.get(`${tablePath(child.table)}/rows`, { filter, limit: SHOWN })
			.catch(() => ({ data: null }));
		if (!data || signal.aborted) return;
		const refresh = (lock) => unlock(app, { ...lock, table: child.table }, mayBreak).then((done) => done && read());
		const rows = data.rows.map((each) => childRow(child, { ...each, lock: timed(each.lock, sentAt) }, { refresh, mayBreak }));
		keepFocus(list, () => list.replaceChildren(...rows));
	};
	const soon = ({ detail }) => {
		if (detail.table !== child.table) return;
		clearTimeout(timer);
		timer = setTimeout(read, SETTLE);
	};
	app.live.addEventListener('lock', soon, { signal });
	app.live.addEventListener('reset', read, { signal });
	signal.addEventListener('abort', () => clearTimeout(timer));
	read();
	const total = child.count === null ? '' : child.more ? t('count.or_more', { n: child.count }) : count(child.count);
	return h(
		'section',
		{ class: 'card' },
		h(
			'header',
			{},
			h('h2', { title: child.name }, tableLabel(child.name), h('span', { class: 'quiet small number' }, ` ${total}`)),
			h(
				'span',
				{ class: 'button-row' },
				h('a', { class: 'small', href: address }, t('list.show_all')),
				app.session.read_only ? null : h('a', { class: 'button small', href: newRow }, icon('plus'), t('action.new')),
			),
		),
		h('p', { class: 'quiet small child-hint' }, t('children.locked_together')),
		list,
	);
}

function childRow(child, { key, label, lock }, { refresh, mayBreak }) {
	const holder = document.createElement('lock-holder');
	holder.mayBreak = mayBreak;
	holder.lock = lock;
	holder.addEventListener('lockclick', ({ detail }) => refresh(detail));
	return h(
		'li',
		{ data: { key, lock: lock ? (lock.is_mine ? 'mine' : 'theirs') : 'none' } },
		h('a', { class: 'cell', dir: 'auto', href: paths.row(child.name, key), title: key }, label),
		holder,
	);
}
