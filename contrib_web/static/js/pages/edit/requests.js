/**
 * Requests for the row of an edit page: the user's own, and those that others
 * sent to the user.
 */
import { personName } from '../../model/text.js';
import { askFor } from '../../parts/unlock.js';
import { announce } from '../../ui/announce.js';
import { banner, button } from '../../ui/widgets.js';

/**
 * Events:
 * - `change`: show the page again
 */
export class Requests extends EventTarget {
	#app;
	#edited;
	#lock;
	#notes;
	#handOver;
	#wanted = null;
	#declined = null;
	/** The user's own request, as the API returns it. */
	own = null;

	/**
	 * @param {object} options
	 * @param {object} options.app
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 * @param {() => any} options.handOver gives the row to the requester; may
	 *   be async
	 */
	constructor({ app, edited, lock, notes, handOver }) {
		super();
		this.#app = app;
		this.#edited = edited;
		this.#lock = lock;
		this.#notes = notes;
		this.#handOver = handOver;
	}

	/**
	 * Reads the requests. Without an answer there are none.
	 * @returns {Promise<void>}
	 */
	async read() {
		const { data } = await this.#app.api.get(this.#path).catch(() => ({ data: { requests: [] } }));
		const other = data.requests.find((request) => !request.is_mine);
		this.own = data.requests.find((request) => request.is_mine) ?? null;
		this.#wanted = this.#isHeld && other && other.requested_at !== this.#declined ? other : null;
		if (this.#wanted) announce(`${personName(other)} requests this row.`);
		this.#changed();
	}

	/**
	 * Sends a request to the holder, after a confirmation.
	 * @returns {Promise<void>}
	 */
	async ask() {
		try {
			if (await askFor(this.#app, this.#lock.state.holder)) await this.read();
		} catch (error) {
			this.#notes.failed(error, { isDirty: this.#edited.isDirty });
		}
	}

	/**
	 * Withdraws the user's request.
	 * @returns {Promise<void>}
	 */
	async withdraw() {
		try {
			await this.#app.api.delete(this.#path);
			await this.read();
		} catch (error) {
			this.#notes.failed(error, { isDirty: this.#edited.isDirty });
		}
	}

	/**
	 * Shows another user's request while the user holds the row.
	 * @returns {void}
	 */
	show() {
		const wanted = this.#isHeld ? this.#wanted : null;
		const { isDirty } = this.#edited;
		this.#notes.keep('wanted', wanted && [wanted, isDirty], () => this.#note(wanted, isDirty));
	}

	#note(wanted, isDirty) {
		return banner('info', {
			icon: 'hand',
			title: `${personName(wanted)} requests this row.`,
			text: wanted.message ? `“${wanted.message}”` : [],
			actions: [
				button(isDirty ? 'Save and hand over' : 'Hand over', () => this.#handOver(), { kind: 'primary small' }),
				button('Not now', () => this.#decline(wanted), { kind: 'small' }),
			],
		});
	}

	#decline(wanted) {
		this.#declined = wanted.requested_at;
		this.#wanted = null;
		this.#changed();
	}

	get #isHeld() {
		return this.#lock.phase === 'held';
	}
	get #path() {
		return `${this.#edited.path}/request`;
	}

	#changed() {
		this.dispatchEvent(new Event('change'));
	}
}
