/**
 * The other people who have the row of an edit page open.
 */
import { Presence } from '../../client/presence.js';
import { tabId } from '../../client/tab-id.js';
import { others } from '../../model/presence.js';
import { avatars } from '../../parts/people.js';
import { h } from '../../ui/dom.js';

/**
 * Events:
 * - `change`: people have come, gone or changed their state
 */
export class RowPresence extends EventTarget {
	#app;
	#edited;
	#presence = null;
	#people = [];
	/** The people's initials. */
	element = h('div', { class: 'people-here' });

	/**
	 * @param {object} app
	 * @param {import('./edited-row.js').EditedRow} edited
	 */
	constructor(app, edited) {
		super();
		this.#app = app;
		this.#edited = edited;
	}

	/**
	 * Begins to report that the user has the row open.
	 * @returns {void}
	 */
	start() {
		const { api, live } = this.#app;
		const { known, table } = this.#edited;
		this.#presence = new Presence({ api, live, ...known, client: tabId, idleLimit: table.time_until_idle });
		this.#presence.addEventListener('people', ({ detail }) => this.#show(detail));
		this.#presence.start();
	}

	/**
	 * The user types.
	 * @param {string} field
	 * @returns {void}
	 */
	type(field) {
		this.#presence?.type(field);
	}

	/**
	 * @param {{ isGone?: boolean }} [options] see Presence
	 * @returns {void}
	 */
	leave(options) {
		this.#presence?.leave(options);
	}

	/**
	 * Since when a person has not used the row's page.
	 * @param {string} owner
	 * @returns {string|null} ISO; null: the person uses it, or is not here
	 */
	idleSince(owner) {
		const person = this.#people.find((each) => each.owner === owner);
		return person?.state === 'idle' ? person.since : null;
	}

	/** People who type, by field. */
	get typing() {
		const typing = Object.create(null); // a field may be named __proto__
		for (const person of this.#people)
			if (person.state === 'typing' && person.field !== null) (typing[person.field] ??= []).push(person);
		return typing;
	}

	#show(people) {
		const now = others(people, this.#app.session?.owner);
		if (JSON.stringify(now) === JSON.stringify(this.#people)) return;
		this.#people = now;
		this.element.replaceChildren(...avatars(now, this.#edited.table.columns));
		this.dispatchEvent(new Event('change'));
	}
}
