/**
 * People: their initials, and a colour that each keeps.
 */

/** How many colours there are, `--person-0` and following of tokens.css. */
const COLOURS = 6;

/**
 * The initials of a name: "AA" of "Anna Albers", "JR" of "job:reindex".
 * @param {string} name
 * @returns {string} one or two letters
 */
export function initials(name) {
	const [before] = name.split(',');
	const words = (before || name).match(/[\p{L}\p{N}]+/gu) ?? [name.trim() || '?'];
	const first = (word) => [...word][0].toUpperCase();
	return words.length === 1 ? first(words[0]) : first(words[0]) + first(words.at(-1));
}

/**
 * The number of the person's colour.
 * @param {string} owner
 * @returns {number}
 */
export function colourOf(owner) {
	let sum = 0;
	for (const letter of owner) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
	return sum % COLOURS;
}

/**
 * Names of the owners in a history, which names only who caused an event.
 * @param {{ actor: string|null, actor_name?: string|null }[]} events
 * @param {{ owner: string, owner_name?: string|null }[]} [known] others
 * @returns {Map<string, string>} by owner
 */
export const namesIn = (events, known = []) =>
	new Map([
		...known.filter(({ owner_name: name }) => name).map(({ owner, owner_name: name }) => [owner, name]),
		...events.filter(({ actor, actor_name: name }) => actor && name).map(({ actor, actor_name: name }) => [actor, name]),
	]);
