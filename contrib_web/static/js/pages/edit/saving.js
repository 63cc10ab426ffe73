/**
 * Saving and deleting the row of an edit page.
 */
import { t } from '../../lang/texts.js';
import { Problem, timeoutOf } from '../../client/api.js';
import { newKey, NotRepeated } from '../../client/once.js';
import { changes, draftOf } from '../../model/form.js';
import { isSessionGone } from '../../model/outcome.js';
import { paths } from '../../model/route.js';
import { askToDelete } from '../../parts/row-questions.js';
import { toast } from '../../ui/announce.js';
import { listAddress } from './leaving.js';
import { lookInto } from './outcome.js';

/**
 * Events:
 * - `change`: show the page again
 * - `gone`: there is no row with this key any more
 */
export class Saving extends EventTarget {
	#app;
	#edited;
	#lock;
	#comparing;
	#rowForm;
	#drafts;
	#notes;
	#signal;
	#isUnknown = false;
	/** Whether a request is under way. */
	isSaving = false;
	/** Whether that request deletes the row. */
	isDeleting = false;
	/** The longest time until it is answered, in milliseconds. */
	timeout = timeoutOf();
	/**
	 * Whether the page is left after the request: further input would be
	 * lost.
	 */
	isClosing = false;

	/**
	 * @param {object} options
	 * @param {object} options.app
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('./comparing.js').Comparing} options.comparing
	 * @param {import('../../parts/row-form.js').RowForm} options.rowForm
	 * @param {import('./drafts.js').Drafts} options.drafts
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 * @param {AbortSignal} options.signal of the page's end
	 */
	constructor({ app, edited, lock, comparing, rowForm, drafts, notes, signal }) {
		super();
		this.#app = app;
		this.#edited = edited;
		this.#lock = lock;
		this.#comparing = comparing;
		this.#rowForm = rowForm;
		this.#drafts = drafts;
		this.#notes = notes;
		this.#signal = signal;
	}

	/**
	 * Whether a request is under way whose answer is expected soon. Otherwise
	 * the text may be lost if the page is left.
	 */
	get isUnderWay() {
		return this.isSaving && !this.#isUnknown;
	}

	/**
	 * Saves the form's changes.
	 * @param {{ keep: boolean }} options keep: continue editing afterwards
	 * @returns {Promise<void>}
	 */
	async save({ keep }) {
		const edited = this.#edited;
		if (this.isSaving || !this.#lock.mayEdit || !(edited.isDirty || edited.isNew)) return;
		if (edited.conflicts.length && !(await this.#comparing.decide())) return;
		if (!this.#rowForm.check(edited.form)) return;
		const values = changes(edited.form);
		const changesKey = edited.table.columns.some(({ key, name }) => key && Object.hasOwn(values, name));
		await this.#during({ isClosing: !keep || edited.isNew || changesKey }, async () => {
			try {
				await (edited.isNew ? this.#insert(values, keep) : this.#update(values, keep));
			} catch (error) {
				this.#refused(error, () => this.save({ keep }));
			}
		});
	}

	async #during({ isClosing, isDeleting = false }, act) {
		Object.assign(this, { isSaving: true, isClosing, isDeleting });
		this.#changed();
		try {
			await act();
		} finally {
			Object.assign(this, { isSaving: false, isClosing: false, isDeleting: false });
			this.#changed();
		}
	}

	async #update(values, keep) {
		const edited = this.#edited;
		const sent = edited.form;
		const drafts = this.#drafts.inForm;
		const data = await this.#lock.save(async () => {
			const answer = await this.#send('PUT', edited.path, {
				token: this.#lock.token,
				values,
				keep: keep && edited.table.protection !== null,
				drafts,
			}, () => edited.lookBeforeRepeating(values, draftOf(sent)));
			this.#lock.saved({ released: !keep, seconds_left: this.#ownLock(answer.data)?.seconds_left, sentAt: answer.sentAt });
			return answer.data;
		});
		const isMoved = data.key !== edited.key;
		if (isMoved) this.dispatchEvent(new Event('gone'));
		this.#saved(data, sent, drafts);
		toast(t('saving.saved', { row: data.label }));
		if (!keep) return this.#goToList();
		if (isMoved) return this.#goToRow(data.key);
		return undefined;
	}

	// The answer to a repetition has the row's lock as it is now, which may
	// be another one.
	#ownLock({ lock }) {
		return lock?.is_mine && lock.token === this.#lock.token ? lock : null;
	}

	async #insert(values, keep) {
		const drafts = this.#drafts.inForm;
		const data = await this.#lock.save(async () => {
			const answer = await this.#send('POST', `${this.#edited.tablePath}/rows`, { values, drafts });
			this.#lock.saved({ released: true });
			return answer.data;
		});
		this.#saved(data, this.#edited.form, drafts);
		toast(t('saving.added', { row: data.label }));
		this.#app.lastRow = data.key;
		await (keep ? this.#goToRow(data.key) : this.#goToList({ replace: true }));
	}

	#saved(data, sent, drafts) {
		this.#edited.saved(data, sent);
		this.#notes.clear();
		this.#drafts.saved(drafts);
		this.#rowForm.note.textContent = '';
		this.#rowForm.markChanged([]);
	}

	/**
	 * Deletes the row, after a confirmation.
	 * @returns {Promise<void>}
	 */
	async delete() {
		const { label } = this.#edited.row;
		if (this.isSaving || !(await askToDelete(label)) || this.isSaving) return;
		await this.#during({ isClosing: true, isDeleting: true }, async () => {
			try {
				await this.#delete(label);
			} catch (error) {
				this.#notDeleted(error);
			}
		});
	}

	async #delete(label) {
		const edited = this.#edited;
		const { base } = edited.form;
		await this.#lock.save(async () => {
			await this.#send('DELETE', edited.path, this.#lock.token ? { token: this.#lock.token } : undefined, () => edited.lookBeforeRepeating(base, null));
			this.#lock.saved({ released: true });
		});
		this.dispatchEvent(new Event('gone'));
		edited.reset();
		await this.#drafts.abandon();
		toast(t('saving.deleted', { row: label }));
		await this.#goToList();
	}

	// The request is kept with the draft: if the page is loaded again before
	// the answer has come, it sends the same one (see unanswered.js).
	async #send(method, path, body, look) {
		const write = { key: newKey(), method, path, body };
		this.timeout = timeoutOf(JSON.stringify(body));
		this.#changed();
		if (method !== 'DELETE') await this.#drafts.sending(write);
		try {
			return await lookInto(this.#app, write, { notes: this.#notes, signal: this.#signal, look, onUnknown: () => this.#unknown() });
		} finally {
			this.#isUnknown = false;
			if (!this.#signal.aborted) this.#drafts.answered();
		}
	}

	#unknown() {
		this.#isUnknown = true;
		this.#changed();
	}

	#goToList(options = {}) {
		return this.#app.router.go(listAddress(this.#app, this.#edited), { ...options, ask: false });
	}
	#goToRow(key) {
		return this.#app.router.go(paths.row(this.#edited.tableName, key), { replace: true, ask: false });
	}

	/**
	 * @param {Error} error
	 * @param {() => void} again called after the user has signed in
	 */
	#refused(error, again) {
		if (error instanceof NotRepeated) return this.#notRepeated(t('saving.not_repeated'));
		if (!(error instanceof Problem)) throw error;
		const { status, problem } = error;
		if (status === 410) return this.#savedAndGone();
		if (status === 422 && this.#rowForm.refuse(problem)) return undefined;
		if (this.#wasUnprotected(error)) return this.#checkProtection(error, t('saving.not_saved'));
		this.#checkLock(error);
		if (!isSessionGone(error)) return this.#notes.failed(error, { prefix: t('saving.not_saved'), isDirty: this.#edited.isDirty });
		return this.#signedOut(t('saving.not_yet'), t('saving.sign_in'), again);
	}

	// After signing in again the user presses Delete again: meanwhile another
	// user may have written the row.
	#notDeleted(error) {
		if (error instanceof NotRepeated) return this.#notRepeated(t('saving.not_deleted_changed'));
		if (!(error instanceof Problem)) throw error;
		if (this.#wasUnprotected(error)) return this.#checkProtection(error, t('saving.not_deleted'));
		this.#checkLock(error);
		if (isSessionGone(error)) return this.#signedOut(t('saving.not_deleted'), t('saving.sign_in_and_try'));
		return this.#notes.failed(error, { prefix: t('saving.not_deleted'), isDirty: this.#edited.isDirty });
	}

	// What others wrote is shown beside what was typed.
	#notRepeated(title) {
		this.#notes.show('failed', 'warn', { icon: 'warn', title, text: this.#edited.isDirty ? t('typed.still_here') : '' });
		return this.#comparing.reread({ mayAsk: () => false });
	}

	#checkLock({ status, problem, sentAt }) {
		if (status === 423 || (status === 409 && /lost$/.test(problem.type)))
			this.#lock.refusedSave({ lock: problem.lock ?? null, sentAt });
	}

	#wasUnprotected({ status }) {
		return status === 423 && this.#edited.table.protection === null && !this.#edited.isNew;
	}

	// The table may have become protected after the page was opened.
	async #checkProtection(error, prefix) {
		const lock = error.problem.lock ?? null;
		const isProtected = await this.#edited.readProtection();
		if (this.#signal.aborted) return;
		if (isProtected) this.#lock.refusedSave({ lock, sentAt: error.sentAt, isProtected });
		if (isProtected && !lock) this.#notes.show('failed', 'warn', { icon: 'warn', title: prefix, text: t('saving.protected_now') });
		else this.#notes.failed(error, { prefix, isDirty: this.#edited.isDirty });
	}

	// A note that the user has closed promises nothing any more.
	#signedOut(title, text, again = () => {}) {
		const note = this.#notes.show('failed', 'bad', { icon: 'warn', title, text });
		const signedIn = () => {
			if (!note.isConnected) return;
			this.#notes.remove('failed');
			again();
		};
		this.#app.addEventListener('signedin', signedIn, { once: true, signal: this.#signal });
		this.#lock.wake(); // the lock bar then shows who holds the row
	}

	// The answer to the save got lost, and the row was deleted since.
	async #savedAndGone() {
		await this.#drafts.abandon();
		toast(t('saving.saved_and_gone'));
		return this.#goToList();
	}

	#changed() {
		this.dispatchEvent(new Event('change'));
	}
}
