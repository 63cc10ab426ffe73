/**
 * Digests of values, by which a draft tells whether a value that it replaces
 * has changed since. Not for security: crypto.subtle exists in secure
 * contexts only.
 */

/**
 * @param {string|null|undefined} value
 * @returns {string|null} null: of null
 */
export function digest(value) {
	if (value === null || value === undefined) return null;
	let a = 0xdeadbeef;
	let b = 0x41c6ce57;
	for (let at = 0; at < value.length; at++) {
		const code = value.charCodeAt(at);
		a = Math.imul(a ^ code, 2654435761);
		b = Math.imul(b ^ code, 1597334677);
	}
	a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
	b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
	return `${value.length.toString(36)}-${hex(a)}${hex(b)}`;
}

const hex = (n) => (n >>> 0).toString(16).padStart(8, '0');
