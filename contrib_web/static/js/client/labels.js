/**
 * Labels of rows, for lists of rows of several tables. Read with one request
 * for each table, and kept for a minute.
 */
import { tablePath } from './api.js';

/** How long a label is kept, in milliseconds. */
const KEPT = 60_000;
/** Longest list of keys in a request's address, in characters. */
const LONGEST = 3000;

/** Labels by table and key. */
export class Labels {
	#api;
	#known = new Map();

	/** @param {import('./api.js').Api} api */
	constructor(api) {
		this.#api = api;
	}

	/**
	 * Reads the labels of rows. Those that cannot be read have none.
	 * @param {{ table: string, key: string }[]} rows
	 * @returns {Promise<void>}
	 */
	async load(rows) {
		const now = performance.now();
		const wanted = new Map();
		for (const { table, key } of rows) {
			if (this.#known.get(idOf(table, key))?.until > now) continue;
			if (!wanted.has(table)) wanted.set(table, new Set());
			wanted.get(table).add(key);
		}
		await Promise.all([...wanted].flatMap(([table, keys]) => batches([...keys]).map((batch) => this.#read(table, batch))));
	}

	async #read(table, keys) {
		const { data } = await this.#api
			.get(`${tablePath(table)}/labels`, { keys: JSON.stringify(keys) })
			.catch(() => ({ data: { labels: {} } }));
		const until = performance.now() + KEPT;
		for (const key of keys) this.#known.set(idOf(table, key), { label: data.labels[key] ?? null, until });
	}

	/**
	 * @param {string} table as in load()
	 * @param {string} key
	 * @returns {string} the key, if there is no label
	 */
	of(table, key) {
		return this.#known.get(idOf(table, key))?.label ?? key;
	}
}

const idOf = (table, key) => JSON.stringify([table, key]);

function batches(keys) {
	const all = [];
	let size = LONGEST;
	for (const key of keys.filter(({ length }) => length < LONGEST)) {
		size += encodeURIComponent(key).length + 7;
		if (size > LONGEST) all.push([]);
		if (size > LONGEST) size = key.length;
		all.at(-1).push(key);
	}
	return all;
}
