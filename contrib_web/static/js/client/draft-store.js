/**
 * Drafts on this computer, in IndexedDB: what is typed is kept with each key,
 * whatever becomes of the page, the network or the server.
 *
 * Records belong to a person, and are read for that person only. Signing out
 * wipes those of the person; other tabs then keep nothing more, until someone
 * signs in there.
 */
import { digest } from '../model/digest.js';
import { home } from '../model/route.js';

const STORE = 'drafts';
/**
 * How long the browser may take to open the database, in milliseconds. Some
 * never answer, and the server's drafts are offered only after that.
 */
const PATIENCE = 5000;

/**
 * @typedef {object} Place where a draft belongs
 * @property {string} person see personOf()
 * @property {string} table as the API writes it
 * @property {string|null} key null: a new row
 */

/**
 * Identifies the owner of drafts.
 * @param {{ database: string, owner: string }} session
 * @returns {string}
 */
export const personOf = ({ database, owner }) => JSON.stringify([database, owner]);

const ownerOf = (person) => JSON.parse(person)[1];

/**
 * The drafts of one locking-web in the pages of one origin. That may have
 * several of them, each with its own base path, and also pages that edit rows
 * of others.
 *
 * Events:
 * - `unavailable`: the browser keeps no drafts, in a private window for
 *   instance; once
 */
export class DraftStore extends EventTarget {
	#name;
	#open = null;
	#since = Date.now();
	#writing = new Map();
	/** Whether drafts are kept, as far as it is known. */
	works = true;

	/**
	 * @param {string} [server] origin and base path of locking-web; '': of
	 *   the page; default: of the one that serves this file
	 */
	constructor(server = home) {
		super();
		this.#name = nameOf(server);
	}

	/**
	 * Notes that a user has signed in.
	 * @returns {void}
	 */
	signedIn() {
		this.#since = Date.now();
	}

	/**
	 * Keeps a draft. While one is being written, only the latest of those
	 * that follow is written.
	 * @param {Place} place
	 * @param {string} id of the draft
	 * @param {{ data: any, name: string, label: string|null,
	 *   savedAt: number, unanswered: object|null }} content name: of the
	 *   table, to show; savedAt: by Date.now(); unanswered: a save of the
	 *   form, of which it is not known yet whether it was executed. Others,
	 *   such as isSent, see mark()
	 * @returns {Promise<boolean>} whether it is kept
	 */
	put(place, id, content) {
		return this.#write(place, id, { isSent: false, ...place, ...content, id, at: idOf(place, id) });
	}

	/**
	 * @param {Place} place
	 * @param {string} id
	 * @returns {Promise<boolean>}
	 */
	remove(place, id) {
		return this.#write(place, id, null);
	}

	/**
	 * Notes what became of a draft that was sent, unless a later one was kept
	 * since.
	 * @param {Place} place
	 * @param {string} id
	 * @param {number} savedAt of the one sent
	 * @param {{ isSent?: boolean, isRefused?: boolean, unanswered?: null }
	 *   |null} outcome whether the server has it, or refuses it; unanswered:
	 *   its save was not executed; null: it was saved, and ends
	 * @returns {Promise<void>}
	 */
	async mark(place, id, savedAt, outcome) {
		await this.#writing.get(idOf(place, id))?.done;
		await this.#run('readwrite', (store) => {
			const reading = store.get(idOf(place, id));
			reading.onsuccess = () => {
				const found = reading.result;
				if (found?.savedAt !== savedAt) return;
				if (outcome === null) store.delete(found.at);
				else store.put({ ...found, ...outcome });
			};
			return reading;
		}).catch(() => {});
	}

	/**
	 * The drafts of a row.
	 * @param {Place} place
	 * @returns {Promise<object[]>}
	 */
	async ofRow({ person, table, key }) {
		const drafts = await this.ofPerson(person);
		return drafts.filter((draft) => draft.table === table && draft.key === key);
	}

	/**
	 * All drafts of a person.
	 * @param {string} person
	 * @returns {Promise<object[]>}
	 */
	async ofPerson(person) {
		await this.#settled();
		return this.#run('readonly', (store) => store.index('person').getAll(person)).catch(() => []);
	}

	/**
	 * Removes all drafts of a person, who signs out.
	 * @param {string} person
	 * @returns {Promise<void>}
	 */
	async wipe(person) {
		markWiped(this.#name, person);
		await this.#settled();
		await this.#run('readwrite', (store) => {
			const reading = store.index('person').getAllKeys(person);
			reading.onsuccess = () => reading.result.forEach((at) => store.delete(at));
			return reading;
		}).catch(() => {});
	}

	/**
	 * Removes all drafts of a user, in whichever database.
	 * @param {string} owner
	 * @returns {Promise<void>}
	 */
	async wipeOwner(owner) {
		await this.#settled();
		const ids = await this.#run('readonly', (store) => store.getAllKeys()).catch(() => []);
		const people = new Set(ids.map((at) => JSON.parse(at)[0]).filter((person) => ownerOf(person) === owner));
		await Promise.all([...people].map((person) => this.wipe(person)));
	}

	async #settled() {
		await Promise.all([...this.#writing.values()].map(({ done }) => done));
	}

	#write(place, id, record) {
		if (record && wipedAt(this.#name, place.person) > this.#since) return Promise.resolve(false);
		const at = idOf(place, id);
		const current = this.#writing.get(at);
		if (current) {
			current.next = { record };
			return current.done;
		}
		const turn = { next: { record } };
		this.#writing.set(at, turn);
		turn.done = this.#writeAll(at, turn);
		return turn.done;
	}

	async #writeAll(at, turn) {
		let isKept = false;
		while (turn.next) {
			const { record } = turn.next;
			turn.next = null;
			isKept = await this.#run('readwrite', (store) => (record ? store.put(record) : store.delete(at))).then(
				() => true,
				() => false,
			);
		}
		this.#writing.delete(at);
		return isKept;
	}

	// commit(): the transaction ends even if the page does.
	async #run(mode, act) {
		const database = await this.#connect();
		return new Promise((resolve, reject) => {
			const transaction = database.transaction(STORE, mode);
			const request = act(transaction.objectStore(STORE));
			transaction.oncomplete = () => resolve(request.result);
			transaction.onabort = () => reject(transaction.error);
			if (request instanceof IDBRequest && !request.onsuccess) transaction.commit?.();
		});
	}

	#connect() {
		this.#open ??= open(this.#name).catch((error) => {
			this.works = false;
			this.dispatchEvent(new Event('unavailable'));
			throw error;
		});
		return this.#open.then((database) => {
			database.onclose = () => { this.#open = null; };
			return database;
		});
	}
}

const idOf = ({ person, table, key }, id) => JSON.stringify([person, table, key, id]);

function nameOf(server) {
	const { origin, pathname } = new URL(server || '/', location.href);
	const path = pathname.replace(/\/$/, '');
	return origin === location.origin ? `locking${path}` : `locking:${origin}${path}`;
}

function open(name) {
	return new Promise((resolve, reject) => {
		setTimeout(() => reject(new DOMException('', 'TimeoutError')), PATIENCE);
		const request = indexedDB.open(name, 1);
		request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'at' }).createIndex('person', 'person');
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
	});
}

// Only the time, under a name that does not tell the person.
const wiped = (name, person) => `${name}.wiped.${digest(person)}`;

function markWiped(name, person) {
	try {
		localStorage.setItem(wiped(name, person), String(Date.now()));
	} catch {
		// Without storage there are no drafts either.
	}
}

function wipedAt(name, person) {
	try {
		return Number(localStorage.getItem(wiped(name, person)));
	} catch {
		return 0;
	}
}
