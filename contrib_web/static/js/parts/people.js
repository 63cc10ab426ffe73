/**
 * Initials of people who have a row open.
 */
import { t } from '../lang/texts.js';
import { labelOf } from '../model/column.js';
import { moment, personName } from '../model/text.js';
import { h, hidden } from '../ui/dom.js';
import { avatar } from './person.js';

/** More people are shown as a number. */
const MOST = 4;

/**
 * What a person does with a row.
 * @param {import('../model/presence.js').Person} person
 * @param {object[]} columns of the table
 * @returns {string}
 */
export function presenceWords(person, columns) {
	const who = personName(person);
	const column = columns.find((each) => each.name === person.field);
	if (person.state === 'typing') return column ? t('people.typing_in', { who, field: labelOf(column) }) : t('people.typing', { who });
	if (person.state === 'idle') return t('people.idle', { who, since: moment(person.since) });
	return t('people.open', { who });
}

const item = (words, state, ...content) => h('li', { title: words, data: { state } }, content, hidden(words));

/**
 * @param {import('../model/presence.js').Person[]} people
 * @param {object[]} columns of the table, as the API describes them
 * @returns {HTMLElement[]} their initials, or nothing
 */
export function avatars(people, columns) {
	const shown = people.slice(0, people.length > MOST ? MOST - 1 : MOST);
	const rest = people.slice(shown.length);
	const items = shown.map((each) => item(presenceWords(each, columns), each.state, avatar(each)));
	if (rest.length) items.push(item(rest.map((each) => presenceWords(each, columns)).join('\n'), 'viewing', h('span', { class: 'more', 'aria-hidden': 'true' }, t('people.more', { n: rest.length }))));
	return items.length ? [h('ul', { class: 'people', 'aria-label': t('people.here') }, items)] : [];
}
