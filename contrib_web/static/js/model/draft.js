/**
 * Drafts of a row, or of new rows of a table: which there are, and where they
 * come from. Each page that edits has its own draft, so that two pages do not
 * replace each other's.
 *
 * @typedef {object} Draft
 * @property {string} id of the page that it comes from, see draftId()
 * @property {any} data see draftOf() of model/form.js
 * @property {number} savedAt by Date.now() of this computer
 * @property {boolean} isHere whether it is kept on this computer
 * @property {boolean} isOnServer whether the server keeps one, perhaps an
 *   earlier one
 */
import { t } from '../lang/texts.js';

const SEPARATOR = '.';

/**
 * The id of a page's draft.
 * @param {string|null} machine identifies the browser; null: not known
 * @param {string} tab identifies the tab
 * @param {string} visit identifies the page
 * @returns {string}
 */
export const draftId = (machine, tab, visit) => [machine ?? '', tab, visit].join(SEPARATOR);

/**
 * Where a draft comes from.
 * @param {string|null} id
 * @param {{ machine: string|null, tab: string }} here
 * @returns {'tab'|'computer'|'elsewhere'|null} tab: another page of this tab;
 *   computer: another tab; null: not known
 */
export function originOf(id, { machine, tab }) {
	const [itsMachine, itsTab, visit] = (id ?? '').split(SEPARATOR);
	if (visit === undefined) return null;
	if (itsTab === tab) return 'tab';
	if (itsMachine === '' || machine === null) return null;
	return itsMachine === machine ? 'computer' : 'elsewhere';
}

/**
 * The origin in words; '' if it is not known.
 * @param {string|null} id
 * @param {{ machine: string|null, tab: string }} here
 * @returns {string}
 */
export function originText(id, here) {
	const origin = originOf(id, here);
	return origin === null ? '' : t(`origin.${origin}`);
}

/**
 * Whether a draft keeps any value: of a page of locking-web, or of a form.
 * @param {any} data
 * @returns {boolean}
 */
export const hasContent = (data) => Object.keys(data?.values ?? data?.form ?? {}).length > 0;

/**
 * Whether a draft was ended elsewhere: this computer has sent it as it is,
 * and the server, which is asked afterwards, does not have it any more.
 * @param {Draft} draft
 * @returns {boolean}
 */
export const isEnded = ({ isHere, isSent, isOnServer }) => Boolean(isHere && isSent && !isOnServer);

/**
 * All drafts, the latest first. Of a page's draft, that of this computer is
 * the later one: it is kept with each key, and the server's a second later.
 * @param {object[]} here drafts of this computer
 * @param {object[]} server drafts as the API returns them
 * @param {(iso: string) => number} toDate a server's time by Date.now()
 * @returns {Draft[]}
 */
export function allDrafts(here, server, toDate) {
	const onServer = new Set(server.map(({ client }) => client ?? ''));
	const known = new Set(here.map(({ id }) => id));
	const local = here.map((draft) => ({ ...draft, isHere: true, isOnServer: onServer.has(draft.id) }));
	const others = server
		.filter(({ client }) => !known.has(client ?? ''))
		.map(({ client, saved_at: savedAt, ...draft }) => ({ ...draft, id: client ?? '', savedAt: toDate(savedAt), isHere: false, isOnServer: true }));
	return [...local, ...others].sort((a, b) => b.savedAt - a.savedAt);
}

/**
 * Drafts by row. Those of new rows are of a row each.
 * @template {{ table: string, key: string|null, id: string }} T
 * @param {T[]} drafts the latest first
 * @returns {T[][]} the drafts of each row, in order of the latest
 */
export function byRow(drafts) {
	const rows = new Map();
	for (const draft of drafts) {
		const { table, key, id } = draft;
		const row = JSON.stringify(key === null ? [table, null, id] : [table, key]);
		if (!rows.has(row)) rows.set(row, []);
		rows.get(row).push(draft);
	}
	return [...rows.values()];
}
