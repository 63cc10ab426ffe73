/**
 * Comparison of the user's text with the row as it is in the database, and
 * merging of others' changes.
 */
import { t } from '../../lang/texts.js';
import { Problem } from '../../client/api.js';
import { compare } from '../../parts/compare.js';
import { focusMayMove } from '../../ui/attention.js';
import { button } from '../../ui/widgets.js';

/**
 * Events:
 * - `change`: show the page again
 * - `changed` (detail: string[]): others have changed these columns
 */
export class Comparing extends EventTarget {
	#edited;
	#notes;
	#isDeleting;

	/**
	 * @param {object} options
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 * @param {() => boolean} options.isDeleting whether this page is deleting
	 *   the row
	 */
	constructor({ edited, notes, isDeleting }) {
		super();
		this.#edited = edited;
		this.#notes = notes;
		this.#isDeleting = isDeleting;
	}

	/**
	 * Reads the row again and merges it into the form.
	 * @param {{ mayAsk: () => boolean }} options mayAsk: whether to let the
	 *   user decide conflicts at once, who has just pressed a button;
	 *   otherwise a note offers that, since no dialog opens while the user
	 *   types. Called when the row is read, which may take long
	 * @returns {Promise<boolean>} whether it was read
	 */
	async reread({ mayAsk }) {
		const edited = this.#edited;
		try {
			const { changed, conflicts } = edited.rebase(await edited.read());
			if (changed.length && !conflicts.length && edited.isDirty) this.#showChanged(changed);
			this.#changed();
			if (changed.length) this.dispatchEvent(new CustomEvent('changed', { detail: changed }));
			if (edited.conflicts.length) this.#offerDecision(mayAsk());
			return true;
		} catch (error) {
			if (error instanceof Problem && error.status === 404) this.#gone();
			else this.#notes.failed(error, { isDirty: edited.isDirty, retry: () => this.reread({ mayAsk: () => false }) });
			return false;
		}
	}

	#gone() {
		if (this.#isDeleting()) return; // which tells what became of it
		const text = this.#edited.isDirty ? t('lock.gone.text') : '';
		this.#notes.show('failed', 'bad', { icon: 'warn', title: t('lock.gone.title'), text });
	}

	#offerDecision(mayAsk) {
		if (mayAsk) this.decide();
		else this.#showUndecided(this.#edited.conflicts);
	}

	#showChanged(names) {
		this.#notes.show('changed', 'info', {
			icon: 'info',
			title: t('changed.title', { fields: this.#edited.labelsOf(names) }),
			text: t('changed.text'),
		});
	}

	/**
	 * Shows the user's changes beside the row as it is now, and takes over
	 * what the user chooses, also while the lock is lost.
	 * @returns {Promise<void>}
	 */
	async compareNow() {
		const edited = this.#edited;
		const mayOpen = focusMayMove();
		const row = await edited.read().catch(() => null);
		if (!mayOpen()) return; // no dialog opens while the user types
		const now = (row ?? edited.row).values;
		const values = await compare({
			title: t('compare.title'),
			text: row
				? t('compare.text')
				: t('compare.text_unread'),
			columns: edited.compared(Object.keys(edited.form.mine), now),
			mayChoose: row !== null,
		});
		if (values) this.#use(values, row);
	}

	/**
	 * Lets the user choose a value for each column that others changed too.
	 * @returns {Promise<boolean>} whether the conflicts are resolved
	 */
	async decide() {
		const edited = this.#edited;
		const names = edited.conflicts;
		const values = await compare({
			title: t('conflict.question'),
			text: t('conflict.question.text'),
			columns: edited.compared(names, edited.form.base),
			mayChoose: true,
			later: t('conflict.later'),
		});
		if (values) this.#use(values);
		else this.#showUndecided(names);
		return values !== null;
	}

	#use(values, row = null) {
		this.#edited.decide(values, row);
		this.#notes.remove('conflict');
		this.#changed();
	}

	#showUndecided(names) {
		this.#notes.show('conflict', 'warn', {
			icon: 'warn',
			title: t('conflict.title'),
			text: t('conflict.text', { fields: this.#edited.labelsOf(names) }),
			actions: [button(t('action.compare'), () => this.decide(), { kind: 'small' })],
		});
	}

	#changed() {
		this.dispatchEvent(new Event('change'));
	}
}
