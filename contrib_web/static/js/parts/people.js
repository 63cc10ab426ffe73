/**
 * Initials of people who have a row open.
 */
import { colourOf, initials } from '../model/presence.js';
import { moment, personName } from '../model/text.js';
import { h, hidden } from '../ui/dom.js';

/** More people are shown as a number. */
const MOST = 4;

/**
 * @param {import('../model/presence.js').Person} person
 * @returns {string} a sentence
 */
export function sentence(person) {
	const name = personName(person);
	if (person.state === 'typing') return `${name} is typing${person.field === null ? '' : ` in ${person.field}`}`;
	if (person.state === 'idle') return `${name} has this open, but has not used it since ${moment(person.since)}`;
	return `${name} has this open`;
}

/**
 * The initials of a person, with the name for screen readers.
 * @param {{ owner: string, owner_name: string|null }} person
 * @param {object} [options]
 * @param {string} [options.words] instead of the name
 * @param {string} [options.state] viewing, typing or idle
 * @returns {HTMLElement}
 */
export const avatar = (person, { words = personName(person), state = 'viewing' } = {}) =>
	h(
		'span',
		{ class: 'avatar', title: words, data: { colour: String(colourOf(person.owner)), state } },
		h('span', { 'aria-hidden': 'true' }, initials(personName(person))),
		hidden(words),
	);

/**
 * @param {import('../model/presence.js').Person[]} people
 * @returns {HTMLElement[]} their initials, or nothing
 */
export function avatars(people) {
	const shown = people.slice(0, people.length > MOST ? MOST - 1 : MOST);
	const rest = people.slice(shown.length);
	const items = shown.map((person) => h('li', {}, avatar(person, { words: sentence(person), state: person.state })));
	if (rest.length) {
		const words = rest.map(sentence).join('\n');
		items.push(h('li', {}, h('span', { class: 'avatar more', title: words }, `+${rest.length}`, hidden(words))));
	}
	return items.length ? [h('ul', { class: 'people', 'aria-label': 'People here' }, items)] : [];
}
