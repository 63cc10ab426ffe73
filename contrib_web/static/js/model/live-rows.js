/**
 * The rows of a list, kept up to date by lock events. A response may miss
 * events that happened while it was under way, so these are applied again.
 */
import { applyEvent, sameRows } from './row-list.js';

/**
 * @typedef {object} Row as the API returns it
 * @property {string} key
 * @property {Object<string, string|null>} values by column
 * @property {object|null} lock with `endsAt`
 */

/**
 * @typedef {object} Context see applyEvent()
 */

/** The rows of one list, in the order of the response. */
export class LiveRows {
	/** @type {Row[]} */
	rows = [];
	#before = [];
	#events = null;
	#isReplayDue = false;

	/**
	 * A request for the rows is sent.
	 * @returns {void}
	 */
	requested() {
		this.#events = [];
		this.#isReplayDue = false;
	}

	/**
	 * Its response has arrived. Call replay() next, once the table is known.
	 * @param {Row[]} rows
	 * @returns {void}
	 */
	received(rows) {
		this.#before = this.rows;
		this.rows = rows;
		this.#isReplayDue = true;
	}

	/**
	 * Stores an event of any table, to be applied again.
	 * @param {object} event as the stream sends it
	 * @returns {void}
	 */
	heard(event) {
		this.#events?.push(event);
	}

	/**
	 * Applies the events since the request, if a response has arrived.
	 * @param {string} table of the rows
	 * @param {Context} context
	 * @returns {boolean} whether the rows must be loaded again
	 */
	replay(table, context) {
		if (!this.#isReplayDue) return false;
		const events = this.#events.filter((event) => event.table === table);
		this.#events = null;
		this.#isReplayDue = false;
		return events.map((event) => this.apply(event, context).unclear).includes(true);
	}

	/**
	 * Applies an event of the rows' table.
	 * @param {object} event as the stream sends it
	 * @param {Context} context
	 * @returns {{ touched: string|null, unclear: boolean }} see applyEvent()
	 */
	apply(event, context) {
		const { rows, touched, unclear } = applyEvent(this.rows, event, context);
		this.rows = rows;
		return { touched, unclear };
	}

	/** Whether the last response changed nothing but locks. */
	get onlyLocksChanged() {
		return sameRows(this.#before, this.rows);
	}

	/**
	 * Whether the last response changed the holder of a row.
	 * @param {number} index of the row
	 * @returns {boolean}
	 */
	holderChanged(index) {
		return this.#before[index].lock?.owner !== this.rows[index].lock?.owner;
	}

	/**
	 * @param {string} key
	 * @returns {Row|undefined}
	 */
	find(key) {
		return this.rows.find((row) => row.key === key);
	}
}
