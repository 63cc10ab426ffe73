/**
 * The text of a timestamp, taken apart for a date, a time and a zone field, and put together
 * again. Microseconds stay; what does not fit (infinity, BC) stays one text: split() answers null.
 */

const SHAPE =
	/^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?|(?!BC$|AD$)[A-Za-z][\w+/-]*)?)?$/;

/** @returns {{ date: string, time: string, zone: string }|null} */
export function split(text) {
	if (text === '') return { date: '', time: '', zone: '' };
	const match = SHAPE.exec(text);
	return match && { date: match[1], time: match[2] ?? '', zone: match[3] ?? '' };
}

/** Only a date: midnight. Nothing: ''. */
export function join({ date, time, zone }) {
	return [date, time, time && zone].filter((part) => part !== '').join(' ');
}
