/**
 * Differences of two texts, word by word; in long texts first line by line,
 * and then word by word in the lines that differ.
 */

/** Texts with more differences are not compared: the cost is quadratic. */
const MAX_EDITS = 2000;

const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^]/gu) ?? [];
const lines = (text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/**
 * @param {string} before
 * @param {string} after
 * @returns {{ text: string, kind: 'same'|'gone'|'new' }[]}
 */
export function diff(before, after) {
	return merge(compare(words(before), words(after)) ?? byLines(before, after));
}

function byLines(before, after) {
	const runs = compare(lines(before), lines(after));
	return runs ? merge(runs).flatMap(refine) : replacement(before, after);
}

// A block of lines that was replaced is compared word by word.
function refine(run, i, runs) {
	if (run.kind === 'gone' && runs[i + 1]?.kind === 'new') return [];
	const before = runs[i - 1];
	if (run.kind !== 'new' || before?.kind !== 'gone') return [[run.kind, [run.text]]];
	return compare(words(before.text), words(run.text)) ?? replacement(before.text, run.text);
}

const replacement = (before, after) => [
	['gone', [before]],
	['new', [after]],
];

// Runs of tokens; null: too many differ.
function compare(a, b) {
	const start = commonStart(a, b);
	const end = commonEnd(a, b, start);
	const middle = shortestEdits(a.slice(start, a.length - end), b.slice(start, b.length - end));
	return middle && [['same', a.slice(0, start)], ...middle, ['same', a.slice(a.length - end)]];
}

function commonStart(a, b) {
	let n = 0;
	while (n < a.length && n < b.length && a[n] === b[n]) n++;
	return n;
}

function commonEnd(a, b, start) {
	let n = 0;
	while (n < a.length - start && n < b.length - start && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
	return n;
}

// The shortest edit script, by Myers' algorithm. furthest[k] is the index in
// `a` that a path with so many edits reaches on diagonal k, where the index
// in `b` is smaller by k.
function shortestEdits(a, b) {
	const zero = Math.min(a.length + b.length, MAX_EDITS);
	const furthest = new Int32Array(2 * zero + 2);
	const trace = [];
	for (let edits = 0; edits <= zero; edits++) {
		for (let k = -edits; k <= edits; k += 2) {
			let i = isInsertion(furthest, zero, k, edits) ? furthest[zero + k + 1] : furthest[zero + k - 1] + 1;
			while (i < a.length && i - k < b.length && a[i] === b[i - k]) i++;
			furthest[zero + k] = i;
			if (i >= a.length && i - k >= b.length) return retrace(trace, a, b);
		}
		trace.push(furthest.slice(zero - edits, zero + edits + 1));
	}
	return null;
}

const isInsertion = (furthest, zero, k, edits) => k === -edits || (k !== edits && furthest[zero + k - 1] < furthest[zero + k + 1]);

function retrace(trace, a, b) {
	const out = [];
	let [i, j] = [a.length, b.length];
	for (let edits = trace.length; edits > 0; edits--) {
		const furthest = trace[edits - 1];
		const inserted = isInsertion(furthest, edits - 1, i - j, edits);
		const start = furthest[edits - 1 + i - j + (inserted ? 1 : -1)] + (inserted ? 0 : 1);
		while (i > start) {
			out.push(['same', [a[--i]]]);
			j--;
		}
		out.push(inserted ? ['new', [b[--j]]] : ['gone', [a[--i]]]);
	}
	return [['same', a.slice(0, i)], ...out.reverse()];
}

// Joins runs; what was replaced comes before what replaces it.
function merge(runs) {
	const out = [];
	const changed = { gone: '', new: '' };
	const flush = () => {
		for (const kind of ['gone', 'new']) if (changed[kind]) out.push({ kind, text: changed[kind] });
		changed.gone = changed.new = '';
	};
	for (const [kind, parts] of runs) {
		const text = parts.join('');
		if (kind !== 'same') changed[kind] += text;
		else if (text !== '') {
			flush();
			if (out.at(-1)?.kind === 'same') out.at(-1).text += text;
			else out.push({ kind, text });
		}
	}
	flush();
	return out;
}
