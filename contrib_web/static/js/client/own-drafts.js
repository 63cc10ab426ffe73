/**
 * The drafts of a person on this computer, as a whole: sending those that the
 * server does not have yet.
 */
import { hasContent } from '../model/draft.js';
import { rowPath, tablePath } from './api.js';

/** Statuses of answers that would be the same another time. */
const REFUSALS = [404, 409, 413, 422];

/**
 * Sends the drafts that the server does not have as they are. It may refuse
 * some: too long, or of a table that is not protected.
 * @param {import('./api.js').Api} api
 * @param {import('./draft-store.js').DraftStore} store
 * @param {string} person see personOf()
 * @param {{ olderThan?: number }} [options] only those not changed for so
 *   many milliseconds, which no page is sending, and not refused before
 * @returns {Promise<object[]>} those that the server does not have now
 */
export async function sendDrafts(api, store, person, { olderThan = 0 } = {}) {
	const isDue = ({ data, isSent, isRefused, savedAt }) => hasContent(data) && !isSent && !(olderThan && isRefused) && savedAt <= Date.now() - olderThan;
	const unsent = (await store.ofPerson(person)).filter(isDue);
	const results = await Promise.all(unsent.map((draft) => send(api, store, draft)));
	return unsent.filter((draft, index) => !results[index]);
}

async function send(api, store, draft) {
	const { table, key, id, data, label, savedAt } = draft;
	try {
		await api.put(draftPath(table, key), { data: { ...data, label }, client: id });
		await store.mark(draft, id, savedAt, { isSent: true });
		return true;
	} catch (error) {
		if (REFUSALS.includes(error.status)) await store.mark(draft, id, savedAt, { isRefused: true });
		return false;
	}
}

/**
 * The path of drafts below /api/v1.
 * @param {string} table as the API writes it
 * @param {string|null} key null: of new rows
 * @returns {string}
 */
export const draftPath = (table, key) => `${key === null ? tablePath(table) : rowPath(table, key)}/draft`;
