/**
 * A long text of which two users have changed parts: the differences in the
 * text, each with a choice.
 */
import { t } from '../lang/texts.js';
import { compareThree, compose, proposedSide } from '../model/merge.js';
import { h, hidden, icon } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

/** How much of an unchanged passage is shown around the differences. */
const AROUND = 160;

/** Kinds of hunks that differ, and the keys of their descriptions. */
const KINDS = { mine: 'merging.by_you', theirs: 'merging.by_others', conflict: 'merging.by_both' };
const sideName = (side) => t(side === 'mine' ? 'compare.mine' : 'compare.theirs');

/**
 * @param {object} text
 * @param {string|null} text.base what both users began with; null: not known
 * @param {string} text.mine
 * @param {string} text.theirs
 * @returns {{ element: HTMLElement, value: () => string }}
 */
export function mergingText({ base, mine, theirs }) {
	const hunks = compareThree(base, mine, theirs);
	const sides = hunks.map(proposedSide);
	const differences = hunks.flatMap((hunk, i) => (Object.hasOwn(KINDS, hunk.kind) ? [i] : []));
	const drawn = new Map();
	const choose = (i, side) => {
		sides[i] = side;
		drawn.get(i).show(side);
	};
	for (const [n, i] of differences.entries()) {
		const label = t('merging.difference', { number: n + 1, total: differences.length, what: t(KINDS[hunks[i].kind]) });
		drawn.set(i, difference(hunks[i], { label, side: sides[i], choose: (side) => choose(i, side) }));
	}
	const all = (side) => button(t(side === 'mine' ? 'merging.all_mine' : 'merging.all_theirs'), () => differences.forEach((i) => choose(i, side)), { kind: 'plain small' });
	const element = h(
		'div',
		{ class: 'merging' },
		h('div', { class: 'merging-head' }, h('span', { class: 'quiet small' }, counted(hunks)), all('mine'), all('theirs')),
		h(
			'div',
			{ class: 'merging-text', dir: 'auto' },
			hunks.map((hunk, i) => drawn.get(i)?.element ?? passage(hunk.mine, i, hunks.length)),
		),
	);
	return { element, value: () => compose(hunks, (hunk, i) => sides[i]) };
}

function counted(hunks) {
	const parts = Object.entries(KINDS).map(([kind, key]) => [hunks.filter((hunk) => hunk.kind === kind).length, key]);
	return parts
		.filter(([n]) => n)
		.map(([n, key]) => t('merging.count', { n, what: t(key) }))
		.join(', ');
}

// Of a long passage that nobody changed only the ends are shown.
function passage(text, i, length) {
	const before = i === 0 ? '' : text.slice(0, AROUND);
	const after = i === length - 1 ? '' : text.slice(-AROUND);
	if (text.length <= before.length + after.length + AROUND) return h('span', {}, text);
	return [h('span', {}, before), h('span', { class: 'merging-gap' }, icon('lines'), hidden(t('merging.gap'))), h('span', {}, after)];
}

function difference({ kind, base, mine, theirs }, { label, side, choose }) {
	const buttons = Object.entries({ mine, theirs }).map(([name, text]) =>
		h(
			'button',
			{ class: `merging-side ${name}`, type: 'button', data: { side: name }, on: { click: () => choose(name) } },
			hidden(`${t('text.labelled', { label: sideName(name) })} `),
			text === '' ? h('i', {}, t(name === 'mine' ? 'merging.left_out' : 'merging.not_there')) : text,
		),
	);
	const before = kind === 'conflict' && base ? h('del', { class: 'merging-base', title: t('merging.before') }, hidden(`${t('compare.before')} `), base) : null;
	const element = h('span', { class: 'merging-difference', role: 'group', 'aria-label': label, data: { kind } }, before, buttons);
	const show = (chosen) => {
		for (const each of buttons) each.setAttribute('aria-pressed', String(each.dataset.side === chosen));
	};
	show(side);
	return { element, show };
}
