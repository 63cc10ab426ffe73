/**
 * Differences of two texts, word by word.
 */

/** Texts with more words are not compared: the cost is quadratic. */
const MAX_WORDS = 2000;

const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^]/gu) ?? [];

/**
 * @param {string} before
 * @param {string} after
 * @returns {{ text: string, kind: 'same'|'gone'|'new' }[]}
 */
export function diff(before, after) {
	const a = words(before);
	const b = words(after);
	if (a.length > MAX_WORDS || b.length > MAX_WORDS)
		return merge([
			['gone', [before]],
			['new', [after]],
		]);
	const start = commonStart(a, b);
	const end = commonEnd(a, b, start);
	const middle = walk(a.slice(start, a.length - end), b.slice(start, b.length - end));
	return merge([['same', a.slice(0, start)], ...middle, ['same', a.slice(a.length - end)]]);
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

// Longest common subsequence. lengths[i][j] is that of a.slice(i) and
// b.slice(j).
function walk(a, b) {
	const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
	const out = [];
	let i = 0;
	let j = 0;
	while (i < a.length || j < b.length) {
		if (i < a.length && j < b.length && a[i] === b[j]) {
			out.push(['same', [a[i++]]]);
			j++;
		} else if (j === b.length || (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
			out.push(['gone', [a[i++]]]);
		} else {
			out.push(['new', [b[j++]]]);
		}
	}
	return out;
}

function merge(runs) {
	const out = [];
	for (const [kind, parts] of runs) {
		const text = parts.join('');
		if (text === '') continue;
		if (out.at(-1)?.kind === kind) out.at(-1).text += text;
		else out.push({ kind, text });
	}
	return out;
}
