/**
 * A long text of which two users have changed parts: the differences in the
 * text, each with a choice.
 */
import { compareThree, compose, proposedSide } from '../model/merge.js';
import { h, hidden, icon } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

/** How much of an unchanged passage is shown around the differences. */
const AROUND = 160;

const SIDES = { mine: 'Yours', theirs: 'In the database now' };
const WORDS = {
	mine: 'changed by you',
	theirs: 'changed by others',
	conflict: 'changed by you and by others',
};

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
	const differences = hunks.flatMap((hunk, i) => (hunk.kind in WORDS ? [i] : []));
	const drawn = new Map();
	const choose = (i, side) => {
		sides[i] = side;
		drawn.get(i).show(side);
	};
	for (const [n, i] of differences.entries()) {
		const label = `Difference ${n + 1} of ${differences.length}, ${WORDS[hunks[i].kind]}`;
		drawn.set(i, difference(hunks[i], { label, side: sides[i], choose: (side) => choose(i, side) }));
	}
	const all = (side) => button(`All: ${SIDES[side].toLowerCase()}`, () => differences.forEach((i) => choose(i, side)), { kind: 'plain small' });
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
	const parts = Object.entries(WORDS).map(([kind, words]) => [hunks.filter((hunk) => hunk.kind === kind).length, words]);
	return parts
		.filter(([n]) => n)
		.map(([n, words]) => `${n} ${words}`)
		.join(', ');
}

// Of a long passage that nobody changed only the ends are shown.
function passage(text, i, length) {
	const before = i === 0 ? '' : text.slice(0, AROUND);
	const after = i === length - 1 ? '' : text.slice(-AROUND);
	if (text.length <= before.length + after.length + AROUND) return h('span', {}, text);
	return [h('span', {}, before), h('span', { class: 'merging-gap' }, icon('lines'), hidden('unchanged text is left out')), h('span', {}, after)];
}

function difference({ kind, base, mine, theirs }, { label, side, choose }) {
	const buttons = Object.entries({ mine, theirs }).map(([name, text]) =>
		h(
			'button',
			{ class: `merging-side ${name}`, type: 'button', data: { side: name }, on: { click: () => choose(name) } },
			hidden(`${SIDES[name]}: `),
			text === '' ? h('i', {}, name === 'mine' ? 'left out by you' : 'not there') : text,
		),
	);
	const before = kind === 'conflict' && base ? h('del', { class: 'merging-base', title: 'As it was before' }, hidden('Before: '), base) : null;
	const element = h('span', { class: 'merging-difference', role: 'group', 'aria-label': label, data: { kind } }, before, buttons);
	const show = (chosen) => {
		for (const each of buttons) each.setAttribute('aria-pressed', String(each.dataset.side === chosen));
	};
	show(side);
	return { element, show };
}
