/**
 * The user's drafts: unsaved text of all rows, on the server and on this
 * computer.
 */
import { t } from '../lang/texts.js';
import { clock } from '../client/clock.js';
import { personOf } from '../client/draft-store.js';
import { draftPath } from '../client/own-drafts.js';
import { machineId } from '../client/settings.js';
import { tabId } from '../client/tab-id.js';
import { allDrafts } from '../model/draft.js';
import { draftsTable } from '../parts/drafts-table.js';
import { askToDiscard } from '../parts/draft-questions.js';
import { toastProblem } from '../parts/problem-toast.js';
import { toast } from '../ui/announce.js';
import { h } from '../ui/dom.js';
import { emptyState } from '../ui/widgets.js';

/** Implements Page of app.js. */
export class DraftsPage {
	title = t('drafts.title');
	#app;
	#drafts = [];
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
	}

	#draw() {
		const here = { machine: machineId(), tab: tabId };
		this.#results.replaceChildren(
			this.#drafts.length
				? draftsTable(this.#drafts, { here, discard: (draft) => this.#discard(draft) })
				: emptyState({ name: 'check', title: t('drafts.none'), text: t('drafts.none.text') }),
		);
	}

	async #discard(draft) {
		const { table, key, id, isOnServer } = draft;
		if (!(await askToDiscard(draft))) return;
		try {
			if (isOnServer) await this.#app.api.send('DELETE', draftPath(table, key), { query: { client: id } });
			await this.#app.drafts.remove({ person: personOf(this.#app.session), table, key }, id);
			this.#drafts = this.#drafts.filter((each) => each !== draft);
			this.#draw();
			toast(t('drafts.discarded'));
		} catch (error) {
			toastProblem(error);
		}
	}
}

const toDate = (iso) => Date.now() - performance.now() + clock.toClock(iso);

// Ids are those of pages, each of which edits one row.
const merge = (here, server) =>
	allDrafts(here.map((draft) => ({ ...draft, columns: Object.keys(draft.data.values) })), server, toDate);
