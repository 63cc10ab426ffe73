/**
 * A person, by initials and name.
 */
import { colourOf, initials } from '../model/people.js';
import { fullName, personName } from '../model/text.js';
import { h } from '../ui/dom.js';

/**
 * The initials alone, for screen readers nothing: the name is beside them.
 * @param {{ owner: string, owner_name?: string|null }} someone
 * @returns {HTMLElement}
 */
export const avatar = (someone) =>
	h('span', {
		class: 'avatar',
		'aria-hidden': 'true',
		data: { initials: initials(personName(someone)), colour: colourOf(someone.owner) },
	});

/**
 * @param {{ owner: string, owner_name?: string|null }} someone
 * @param {{ name?: string }} [options] name: in place of the display name
 * @returns {HTMLElement}
 */
export const person = (someone, { name = personName(someone) } = {}) =>
	h(
		'span',
		{ class: 'person', title: fullName(someone) },
		avatar(someone),
		h('bdi', { class: 'person-name' }, name),
	);
