/**
 * Line ends of texts in multi-line inputs. Browsers show CR LF and a single
 * CR as LF. These functions carry an edit over to the text as it is stored,
 * so that line ends outside of the edit stay as they are.
 */

/** Unit of comparison: comparing slices is much faster than characters. */
const CHUNK = 4096;

/**
 * The text as a browser's input has it.
 * @param {string} stored
 * @returns {string}
 */
export const shownText = (stored) => (stored.includes('\r') ? stored.replace(/\r\n?/g, '\n') : stored);

/**
 * The stored text after an edit.
 * @param {string} stored before the edit
 * @param {string} shown shownText(stored)
 * @param {string} next what the input has after the edit
 * @param {number} caret after the edit; everything behind it is unchanged
 * @returns {string}
 */
export function storedText(stored, shown, next, caret) {
	if (stored === shown || next === '') return next;
	const end = commonEnd(shown, next, Math.min(next.length - caret, shown.length));
	const start = commonStart(shown, next, Math.min(shown.length, next.length) - end);
	const before = stored.slice(0, storedOffset(stored, start));
	const after = stored.slice(storedOffset(stored, shown.length - end));
	const typed = next.slice(start, next.length - end);
	return join(join(before, before + after !== '' && hasOnlyCrLf(stored) ? typed.replaceAll('\n', '\r\n') : typed), after);
}

// A CR must not become half of a CR LF.
const join = (a, b) => (a.endsWith('\r') && b.startsWith('\n') ? a.replace(/\r+$/, (run) => '\n'.repeat(run.length)) + b : a + b);

const hasOnlyCrLf = (text) => text.includes('\r\n') && !/(^|[^\r])\n|\r(?!\n)/.test(text);

function storedOffset(stored, shownOffset) {
	let from = 0;
	let shown = 0;
	for (;;) {
		const end = stored.indexOf('\r\n', from);
		if (end < 0 || shown + end - from >= shownOffset) return from + shownOffset - shown;
		shown += end - from + 1;
		from = end + 2;
	}
}

function commonStart(a, b, limit) {
	let n = 0;
	while (n + CHUNK <= limit && a.slice(n, n + CHUNK) === b.slice(n, n + CHUNK)) n += CHUNK;
	while (n < limit && a[n] === b[n]) n++;
	return n;
}

function commonEnd(a, b, limit) {
	let n = 0;
	while (n + CHUNK <= limit && tail(a, n) === tail(b, n)) n += CHUNK;
	while (n < limit && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
	return n;
}

const tail = (text, skip) => text.slice(text.length - skip - CHUNK, text.length - skip);
