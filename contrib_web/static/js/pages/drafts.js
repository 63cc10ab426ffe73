/**
 * The user's drafts: unsaved text of all rows, on the server and on this
 * computer.
 */
import { t } from '../lang/texts.js';
import { rowPath, tablePath } from '../client/api.js';
import { clock } from '../client/clock.js';
import { personOf } from '../client/draft-store.js';
import { draftPath } from '../client/own-drafts.js';
import { machineId } from '../client/settings.js';
import { tabId } from '../client/tab-id.js';
import { labelOf } from '../model/column.js';
import { allDrafts, byRow } from '../model/draft.js';
import { own } from '../model/own.js';
import { compare } from '../parts/compare.js';
import { draftsTable } from '../parts/drafts-table.js';
import { askToDiscard } from '../parts/draft-questions.js';
import { toastProblem } from '../parts/problem-toast.js';
import { toast } from '../ui/announce.js';
import { focusMayMove } from '../ui/attention.js';
import { h } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import { emptyState } from '../ui/widgets.js';

/** Implements Page of app.js. */
export class DraftsPage {
	title = t('drafts.title');
	#app;
	#drafts = [];
	/** Labels of columns by their names, by table. */
	#columns = new Map();
	#results = h('div', { class: 'results' });

	/** @param {object} app */
	constructor(app) {
		this.#app = app;
	}

	/**
	 * Reads and shows the drafts.
	 * @returns {Promise<void>}
	 * @throws {import('../client/api.js').Problem}
	 */
	async load() {
		await this.#read();
		this.element = h(
			'div',
			{},
			h(
				'div',
				{ class: 'page-head' },
				h(
					'div',
					{},
					h('h1', { tabIndex: -1 }, this.title),
					h('p', { class: 'quiet' }, t('drafts.text')),
				),
			),
			this.#results,
		);
		this.#draw();
	}

	async #read() {
		const { api, drafts, session } = this.#app;
		const [{ data }, here] = await Promise.all([api.get('/drafts'), drafts.ofPerson(personOf(session))]);
		this.#drafts = merge(here, data.drafts);
		await Promise.all([this.#readColumns(), this.#app.labels.load(this.#drafts.filter(({ key }) => key !== null))]);
	}

	// Without an answer the columns have their names.
	async #readColumns() {
		const tables = new Set(this.#drafts.map(({ table }) => table));
		await Promise.all([...tables].map(async (table) => {
			const { data } = await this.#app.api.get(tablePath(table)).catch(() => ({ data: null }));
			this.#columns.set(table, new Map(data?.columns.map((column) => [column.name, labelOf(column)])));
		}));
	}

	// As the lists show it.
	#shown(draft) {
		const labels = this.#columns.get(draft.table);
		return {
			...draft,
			label: draft.label ?? (draft.key === null ? null : this.#app.labels.of(draft.table, draft.key)),
			columns: draft.columns.map((name) => labels?.get(name) ?? name),
		};
	}

	#draw() {
		const here = { machine: machineId(), tab: tabId };
		const content = this.#drafts.length
			? draftsTable(byRow(this.#drafts.map((draft) => this.#shown(draft))), {
					here,
					compare: (draft) => this.#compare(draft),
					discard: (draft) => this.#discard(draft),
				})
			: h('div', { class: 'data' }, emptyState({ name: 'check', title: t('drafts.none'), text: t('drafts.none.text') }));
		keepFocus(this.#results, () => this.#results.replaceChildren(content));
	}

	// The row may be gone, or not visible any more: then the page of the row
	// cannot show the draft.
	async #compare(draft) {
		const mayOpen = focusMayMove();
		try {
			const [data, row] = await Promise.all([this.#contentOf(draft), this.#rowOf(draft)]);
			if (!mayOpen()) return; // no dialog opens while the user types
			await compare({
				title: t(row ? 'drafts.compare' : 'drafts.compare_new'),
				text: t(row || draft.key === null ? 'drafts.compare.all' : 'drafts.compare.gone'),
				columns: compared(data, row, this.#columns.get(draft.table)),
				mayChoose: false,
			});
		} catch (error) {
			toastProblem(error);
		}
	}

	async #contentOf({ table, key, id, data, isHere }) {
		if (isHere) return data;
		const { drafts } = (await this.#app.api.get(draftPath(table, key))).data;
		return drafts.find(({ client }) => (client ?? '') === id)?.data;
	}

	async #rowOf({ table, key }) {
		if (key === null) return null;
		const answer = await this.#app.api.get(rowPath(table, key)).catch((error) => {
			if (![403, 404].includes(error.status)) throw error;
			return null;
		});
		return answer?.data ?? null;
	}

	async #discard(draft) {
		const { table, key, id, isOnServer } = draft;
		if (!(await askToDiscard(draft))) return;
		try {
			if (isOnServer) await this.#app.api.send('DELETE', draftPath(table, key), { query: { client: id } });
			await this.#app.drafts.remove({ person: personOf(this.#app.session), table, key }, id);
			this.#drafts = this.#drafts.filter((each) => each.id !== id);
			this.#draw();
			toast(t('drafts.discarded'));
		} catch (error) {
			toastProblem(error);
		}
	}
}

const toDate = (iso) => Date.now() - performance.now() + clock.toClock(iso);

// For parts/compare.js; without a row, as it would be beside it.
const compared = (data, row, labels) =>
	Object.entries(data?.values ?? {}).map(([name, mine]) => ({ name, label: labels?.get(name) ?? name, mine, theirs: own(row?.values ?? {}, name), base: undefined, isText: false }));

// Ids are those of pages, each of which edits one row.
const merge = (here, server) =>
	allDrafts(here.map((draft) => ({ ...draft, columns: Object.keys(draft.data.values ?? {}) })), server, toDate);
