/**
 * The drafts of a form's row. What is typed is kept on this computer with
 * each key, and a moment later on the server; what other pages have left is
 * offered, from either.
 */
import { Problem } from '../client/api.js';
import { clock } from '../client/clock.js';
import { DraftStore, personOf } from '../client/draft-store.js';
import { machineId } from '../client/settings.js';
import { randomId, tabId } from '../client/tab-id.js';
import { allDrafts, draftId, isEnded, originText } from '../model/draft.js';
import { fromDraft, toDraft } from './form-draft.js';

const stores = new Map();

/**
 * The drafts of a locking-web that the pages of this origin keep.
 * @param {string} server origin and base path
 * @returns {DraftStore}
 */
export function storeOf(server) {
	if (!stores.has(server)) stores.set(server, new DraftStore(server));
	return stores.get(server);
}

/**
 * @typedef {object} OfferedDraft
 * @property {string} id
 * @property {import('./form-draft.js').Values} values
 * @property {number} savedAt by Date.now()
 * @property {string} origin in words; '': not known
 * @property {boolean} isEnded whether it was ended elsewhere
 */

/** The drafts of one form, while it shows one row. */
export class FormDrafts {
	#lock;
	#store;
	#row;
	#session = null;
	#kept = null;
	#isSent = false;
	/** Identifies the form's own draft: earlier ones are not replaced. */
	id = newId();

	/**
	 * @param {import('../../locking.js').RowLock} lock
	 * @param {{ server: string, table: string, key: string }} row
	 */
	constructor(lock, { server, table, key }) {
		this.#lock = lock;
		this.#store = storeOf(server);
		this.#row = { table, key };
		lock.draftClient = this.id;
	}

	/**
	 * Keeps what is in the form on this computer.
	 * @param {import('./form-draft.js').Values|null} values null: nothing
	 *   unsaved
	 * @returns {Promise<any>} when it is kept, or not
	 */
	keep(values) {
		if (!values) return this.#kept ? this.ended() : Promise.resolve();
		this.#kept = { data: toDraft(values), name: this.#row.table, label: null, savedAt: Date.now(), unanswered: null };
		this.#isSent = false;
		return this.#put();
	}

	/**
	 * Notes that the server has what is in the form.
	 * @returns {void}
	 */
	sent() {
		if (!this.#kept || this.#isSent) return;
		this.#isSent = true;
		this.#store.mark(this.#place, this.id, this.#kept.savedAt, { isSent: true });
	}

	/**
	 * Notes that the form is being sent to the application. If the server
	 * had the draft, and then has it no more, the application has saved.
	 * @returns {Promise<any>}
	 */
	submitted() {
		return this.#kept ? this.#put({ isSent: this.#isSent, isSubmitted: true }) : Promise.resolve();
	}

	/**
	 * Notes that the form's own draft has ended: the form was saved, or has
	 * no unsaved input any more.
	 * @returns {Promise<any>}
	 */
	ended() {
		this.#kept = null;
		return this.#place ? this.#store.remove(this.#place, this.id) : Promise.resolve();
	}

	/**
	 * Leaves the form's draft as it is: what is typed later becomes another
	 * one.
	 * @returns {void}
	 */
	setAside() {
		this.id = newId();
		this.#kept = null;
		this.#lock.draftClient = this.id;
	}

	/**
	 * Removes the draft of another page, here and on the server.
	 * @param {OfferedDraft} draft
	 * @returns {Promise<void>}
	 * @throws {Problem} the server did not remove it
	 */
	async discard({ id }) {
		await this.#lock.discardDraft(id);
		await this.#store.remove(this.#place, id);
	}

	/**
	 * The drafts of other pages that are not in the row, the latest first.
	 * @param {(values: object) => boolean} isStored whether the row has these
	 *   values
	 * @returns {Promise<OfferedDraft[]>}
	 * @throws {Problem} there is no answer of the server, and none here
	 */
	async others(isStored) {
		const here = await this.#here(); // first, see isEnded()
		const server = await this.#onServer();
		if (server instanceof Problem && !here.length) throw server;
		const isKnown = Array.isArray(server);
		const found = allDrafts(here, isKnown ? server : [], toDate).filter(({ id }) => id !== this.id);
		const left = found.filter((draft) => !isKnown || !this.#isOver(draft, isStored));
		const origin = { machine: machineId(), tab: tabId };
		return left
			.map((draft) => ({ ...draft, values: fromDraft(draft.data), origin: originText(draft.id, origin), isEnded: isKnown && isEnded(draft) }))
			.filter(({ values }) => values !== null);
	}

	// One that the server had, and has no more: the form that sent it was
	// saved, or the row has its text.
	#isOver(draft, isStored) {
		const isOver = isEnded(draft) && (draft.isSubmitted || isStored(fromDraft(draft.data)));
		if (isOver) this.#store.remove(this.#place, draft.id);
		return isOver;
	}

	async #here() {
		const drafts = this.#place ? await this.#store.ofRow(this.#place) : [];
		return drafts.filter(({ data }) => fromDraft(data));
	}

	#onServer() {
		return this.#lock.readDrafts().catch((error) => {
			if (error instanceof Problem) return error;
			throw error;
		});
	}

	// After signing in, drafts are kept again that signing out has wiped.
	get #place() {
		const { session } = this.#lock;
		if (!session) return null;
		if (session !== this.#session) this.#store.signedIn();
		this.#session = session;
		return { person: personOf(session), ...this.#row };
	}

	#put(outcome = {}) {
		return this.#place ? this.#store.put(this.#place, this.id, { ...this.#kept, ...outcome }) : Promise.resolve(false);
	}
}

const newId = () => draftId(machineId(), tabId, randomId());

// The server's times are compared with those of this computer.
const toDate = (iso) => Date.now() - performance.now() + clock.toClock(iso);
