/**
 * Saves of earlier pages whose answer got lost: the tab was loaded again, or
 * crashed. They are sent again with their keys, so that each is executed
 * once, and what was saved is not offered as a draft, and saved twice. Where
 * no lock protects the row, others may have written it since: then the save
 * is not repeated, and its text is offered.
 */
import { t } from '../../lang/texts.js';
import { Problem } from '../../client/api.js';
import { NotRepeated } from '../../client/once.js';
import { explain } from '../../model/problem.js';
import { toast } from '../../ui/announce.js';
import { lookInto } from './outcome.js';

/** How old a save may be, in milliseconds: keys are kept for 7 days. */
const OLDEST = 6 * 86_400_000;

/** The saves of one edit page. */
export class Unanswered {
	#app;
	#edited;
	#notes;
	#signal;
	#sent = new Set();
	#answered = new Set();

	/**
	 * @param {object} app
	 * @param {import('./edited-row.js').EditedRow} edited
	 * @param {import('../../parts/form-notes.js').FormNotes} notes
	 * @param {AbortSignal} signal of the page's end
	 */
	constructor(app, edited, notes, signal) {
		this.#app = app;
		this.#edited = edited;
		this.#notes = notes;
		this.#signal = signal;
	}

	/**
	 * Whether it is not known yet what became of a draft's save.
	 * @param {object} draft
	 * @returns {boolean}
	 */
	has({ unanswered, savedAt }) {
		return Boolean(unanswered) && !this.#answered.has(unanswered.key) && Date.now() - savedAt < OLDEST;
	}

	/**
	 * Finds out what became of the save of a draft.
	 * @param {object} draft
	 * @returns {Promise<boolean|null>} whether it was saved; null: that is
	 *   not known, because the page was left, or is being found out already
	 */
	async isSaved({ unanswered, data }) {
		if (this.#sent.has(unanswered.key)) return null;
		this.#sent.add(unanswered.key);
		const isSaved = await this.#lookInto(unanswered, data);
		if (isSaved !== null) this.#answered.add(unanswered.key);
		return isSaved;
	}

	#notRepeated() {
		this.#notes.show('refused', 'warn', { icon: 'warn', title: t('saving.not_repeated'), text: t('typed.offered') });
		return false;
	}

	async #lookInto(write, sent) {
		const look = async () => (write.method === 'PUT' ? this.#edited.lookBeforeRepeating(write.body.values, sent) : undefined);
		try {
			const { data } = await lookInto(this.#app, write, { notes: this.#notes, signal: this.#signal, look, wasSent: true });
			toast(t('saving.saved', { row: data.label }));
			return true;
		} catch (error) {
			if (error instanceof NotRepeated) return this.#notRepeated();
			if (!(error instanceof Problem)) throw error;
			if (this.#signal.aborted) return null;
			if (error.status === 410) return this.#savedAndGone();
			this.#tellRefused(error);
			return false;
		}
	}

	#savedAndGone() {
		toast(t('saving.saved_and_gone'));
		return true;
	}

	#tellRefused({ status, problem }) {
		const { title, detail } = explain(status, problem);
		this.#notes.show('refused', 'warn', {
			icon: 'warn',
			title: t('saving.not_executed'),
			text: [`${title}.`, detail, t('typed.offered')].filter(Boolean),
		});
	}
}
