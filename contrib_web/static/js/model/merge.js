/**
 * Three-way comparison of texts: what each of two users changed in a text
 * that both began with.
 */
import { diff } from './diff.js';

/**
 * A part of the texts. Where only one user changed something, the other's
 * text is that of the base.
 * @typedef {object} Hunk
 * @property {'same'|'mine'|'theirs'|'both'|'conflict'} kind who changed it;
 *   both: in the same way; conflict: in different ways
 * @property {string|null} base null: not known
 * @property {string} mine
 * @property {string} theirs
 */

/**
 * Compares two texts with the one that they were made from.
 * @param {string|null} base null: not known, so that each difference is a
 *   conflict
 * @param {string} mine
 * @param {string} theirs
 * @returns {Hunk[]} which together are the texts
 */
export function compareThree(base, mine, theirs) {
	if (base === null) return compareThree(theirs, mine, theirs).map(asConflict);
	const hunks = [];
	let at = 0;
	for (const region of regions(editsOf(base, mine, 'mine'), editsOf(base, theirs, 'theirs'))) {
		if (region.start > at) hunks.push(same(base.slice(at, region.start)));
		hunks.push(hunkOf(base, region));
		at = region.end;
	}
	return at < base.length ? [...hunks, same(base.slice(at))] : hunks;
}

/**
 * The text that results from a choice.
 * @param {Hunk[]} hunks
 * @param {(hunk: Hunk, i: number) => 'mine'|'theirs'} side
 * @returns {string}
 */
export const compose = (hunks, side) => hunks.map((hunk, i) => hunk[side(hunk, i)]).join('');

/**
 * The side that is proposed for a hunk: both users' changes are kept, and in
 * a conflict the user's own.
 * @param {Hunk} hunk
 * @returns {'mine'|'theirs'}
 */
export const proposedSide = ({ kind }) => (kind === 'theirs' ? 'theirs' : 'mine');

const same = (text) => ({ kind: 'same', base: text, mine: text, theirs: text });
const asConflict = (hunk) => (hunk.kind === 'same' ? hunk : { ...hunk, kind: 'conflict', base: null });

// The changes from one text to another: what is put in place of base.slice(
// start, end). Changes with no more than blanks or punctuation between them
// are one.
function editsOf(base, text, side) {
	const edits = [];
	let at = 0;
	for (const part of diff(base, text)) {
		const length = part.kind === 'new' ? 0 : part.text.length;
		if (part.kind !== 'same') add(edits, base, { start: at, end: at + length, text: part.kind === 'new' ? part.text : '', side });
		at += length;
	}
	return edits;
}

function add(edits, base, edit) {
	const last = edits.at(-1);
	const between = last && base.slice(last.end, edit.start);
	if (last && /^[^\p{L}\p{N}\n]*$/u.test(between)) edits.push({ ...edit, start: edits.pop().start, text: last.text + between + edit.text });
	else edits.push(edit);
}

// Parts of the base that one of the users changed, or both where their
// changes touch.
function regions(...edits) {
	const found = [];
	for (const edit of edits.flat().sort((a, b) => a.start - b.start || a.end - b.end)) {
		const last = found.at(-1);
		if (last && edit.start <= last.end) {
			last.end = Math.max(last.end, edit.end);
			last.edits.push(edit);
		} else found.push({ start: edit.start, end: edit.end, edits: [edit] });
	}
	return found;
}

function hunkOf(base, region) {
	const [mine, theirs] = ['mine', 'theirs'].map((side) => edited(base, region, side));
	const sides = new Set(region.edits.map(({ side }) => side));
	const [only] = sides;
	return { kind: sides.size === 1 ? only : mine === theirs ? 'both' : 'conflict', base: base.slice(region.start, region.end), mine, theirs };
}

function edited(base, { start, end, edits }, side) {
	let text = '';
	let at = start;
	for (const edit of edits.filter((each) => each.side === side)) {
		text += base.slice(at, edit.start) + edit.text;
		at = edit.end;
	}
	return text + base.slice(at, end);
}
