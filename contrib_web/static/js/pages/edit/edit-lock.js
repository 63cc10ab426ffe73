/**
 * The lock of an edit page, shown in its lock bar. Users who may not write
 * the row see who holds it.
 */
import { t } from '../../lang/texts.js';
import { RowLock } from '../../../locking.js';
import { lockOnSetting } from '../../client/settings.js';
import { timed } from '../../model/lock-time.js';
import { isUnforeseen, isUrgent, lockedWith, lockView, looksDifferent, spoken } from '../../model/lock-view.js';
import { LockBar } from '../../parts/lock-bar.js';
import { watchLock } from '../../parts/lock-watch.js';
import { askToTakeOver } from '../../parts/row-questions.js';
import { announce, toast } from '../../ui/announce.js';
import { notify } from '../../ui/notify.js';
import { markTitle } from '../../ui/tab-title.js';
import { DraftContent } from './draft-content.js';

/**
 * Events:
 * - `change`: show the page again
 * - `phase`: the lock session entered another phase
 * - `history`: the row's lock history has a new entry
 * - `draft`: a draft was stored, or refused
 * - `reread`: the row may have changed, so read it again
 * - `request`: the requests for the row have changed
 * - `declined` (detail: { message }): the user's request was declined
 * - `unprotected`: the row was not locked, since its table is not protected
 * - `turn`: the row was locked, since it is the user's turn
 */
export class EditLock extends EventTarget {
	#app;
	#edited;
	#ownRequest;
	#idleSince;
	#lock = null;
	#before = null;
	#bar;
	#content;
	#drafts;

	/**
	 * @param {object} options
	 * @param {object} options.app
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {() => object|null} options.ownRequest the user's request for
	 *   the row
	 * @param {(owner: string) => string|null} options.idleSince since when a
	 *   person has not used the row's page
	 * @param {() => import('./drafts.js').Drafts} options.drafts
	 * @param {(action: string) => any} options.act what a button of the lock
	 *   bar does; may be async
	 */
	constructor({ app, edited, ownRequest, idleSince, drafts, act }) {
		super();
		this.#app = app;
		this.#edited = edited;
		this.#ownRequest = ownRequest;
		this.#idleSince = idleSince;
		this.#bar = new LockBar(act);
		this.#content = new DraftContent(edited, () => drafts().isKeptHere);
		this.#drafts = drafts;
	}

	/** The state, for the bar that stays in view. */
	get element() {
		return this.#bar.element;
	}
	/** The main action, for the same bar. */
	get action() {
		return this.#bar.action;
	}
	/** The explanation of the state. */
	get message() {
		return this.#bar.message;
	}
	/** The lock session's state; null: the page does not lock. */
	get state() {
		return this.#lock?.state ?? null;
	}
	/** The lock session's phase; null: the page does not lock. */
	get phase() {
		return this.state?.phase ?? null;
	}
	/** The fencing token; null: no lock is held. */
	get token() {
		return this.#lock?.token ?? null;
	}

	/** The queue of requests for the row, see RowLock. */
	get requests() {
		return this.#lock?.requests ?? [];
	}

	/** Why the server keeps no draft of changed values, by column. */
	get unkept() {
		return this.#lock ? this.#content.unkept : {};
	}

	/** Whether the form may be edited now. */
	get mayEdit() {
		const { isNew, table, parentHolder } = this.#edited;
		if (isNew) return table.may.insert;
		if (!table.may.update || parentHolder) return false;
		return this.#lock ? this.#lock.mayEdit : true;
	}

	/**
	 * Locks the row, or watches its lock if the user may not write it. Of a
	 * new row only the drafts are kept.
	 * @param {number} sentAt when the row was read, by performance.now()
	 * @param {AbortSignal} signal of the page's end
	 * @returns {void}
	 */
	start(sentAt, signal) {
		const { table, row, isNew } = this.#edited;
		if (!isNew && !table.may.update && !table.may.delete) return this.#watch(timed(row.lock, sentAt), signal);
		this.#lock = this.#makeLock();
		this.#before = this.#lock.state;
		this.#lock.addEventListener('state', ({ detail }) => this.#changed(detail));
		for (const type of ['reread', 'request', 'declined', 'unprotected']) this.#lock.addEventListener(type, ({ detail }) => this.#emit(type, detail));
		this.#lock.start({ lock: row?.lock ?? null, sentAt });
		return this.#emit('change');
	}

	#makeLock() {
		const { table, known, isNew } = this.#edited;
		return new RowLock({
			api: this.#app.api,
			live: this.#app.live,
			...known,
			lockOn: table.protection && !isNew ? lockOnSetting() : 'never',
			ttl: table.time_until_expiration,
			warning: table.time_until_warning,
			idleLimit: table.time_until_idle,
			draft: () => (this.#edited.table.protection ? this.#content.data() : undefined),
			draftClient: this.#drafts().id,
		});
	}

	#watch(lock, signal) {
		const nobodyMay = this.#app.session.read_only;
		this.#bar.readOnly(lock, { nobodyMay });
		watchLock({ app: this.#app, ...this.#edited.known, lock, signal }, (news) => {
			this.#bar.readOnly(news, { nobodyMay });
			this.#emit('history');
		});
	}

	/* Changes from outside */

	/** Keeps the lock. */
	use() {
		this.#lock?.use();
	}
	/** The form was changed. */
	change() {
		this.#lock?.change();
	}
	/** Sends no draft any more: the form is discarded. */
	keepNoDraft() {
		this.#content.abandon();
	}
	/** Checks the lock after signing in again. */
	wake() {
		this.#lock?.wake();
	}
	/** Locks a row that has become free. */
	again() {
		this.#lock.again();
	}
	/** Takes the lock from the user's other tab. */
	control() {
		this.#lock.control();
	}
	/**
	 * @param {() => Promise<any>} request see RowLock.save()
	 * @returns {Promise<any>}
	 */
	save(request) {
		return this.#lock ? this.#lock.save(request) : request();
	}
	/** @param {object} answer see RowLock.saved() */
	saved(answer) {
		this.#lock?.saved(answer);
	}
	/** @param {object} answer see RowLock.refusedSave() */
	refusedSave(answer) {
		this.#lock?.refusedSave(answer);
	}
	/** Goes on without a lock, and without drafts on the server. */
	unprotected() {
		this.#content.kept();
		this.#lock.unprotected();
	}
	/** Releases the lock. */
	leave() {
		markTitle('lock', null);
		this.#lock?.leave();
	}

	/* Requests; see RowLock */

	/** @param {string|null} message @returns {Promise<void>} */
	ask(message) {
		return this.#lock.ask(message);
	}
	/** @returns {Promise<void>} */
	withdraw() {
		return this.#lock.withdraw();
	}
	/** @param {string} owner @returns {Promise<string|null>} */
	handOver(owner) {
		return this.#lock.handOver(owner);
	}
	/**
	 * @param {string} owner
	 * @param {string|null} message
	 * @returns {Promise<void>}
	 */
	decline(owner, message) {
		return this.#lock.decline(owner, message);
	}

	/**
	 * Ends the holder's lock and locks the row, after a confirmation.
	 * @returns {Promise<boolean>} whether it was confirmed
	 */
	async takeOver() {
		const reason = await askToTakeOver(this.state.holder);
		if (reason !== null) this.#lock.takeOver(reason || null);
		return reason !== null;
	}

	/* Changes of the lock */

	#changed(state) {
		const before = this.#before;
		this.#before = state;
		if (state.phase !== before.phase) this.#entered(state, before);
		if (state.isGiving !== before.isGiving) this.#emit('request');
		this.#drafted(before, state);
		if (!this.#edited.isNew && looksDifferent(before, state)) this.#say(before, state);
	}

	#drafted(before, state) {
		if (state.phase === 'left') return;
		const isRefused = state.draftRefusal !== null && state.draftRefusal !== before.draftRefusal;
		if (!isRefused && !(before.draftPending && !state.draftPending)) return;
		if (!isRefused) this.#content.kept();
		else if (this.#content.refused(state.draftRefusal)) this.#lock.redraft();
		this.#emit('draft', { isKept: state.changedAt === null });
	}

	#entered(state, before) {
		if (state.phase === 'held' && before.wants) this.#emit('turn');
		if (state.phase === 'held' && state.resumed) toast(t('lock.renewed'));
		this.#emit('phase', state.phase);
		this.#emit('history');
	}

	#say(before, state) {
		const view = this.#view();
		const words = spoken(before, state, view);
		if (words) announce(words, { urgent: isUrgent(state) });
		if (words && isUnforeseen(state, this.#edited)) notify(view.banner.title, { body: this.#edited.title, tag: 'lock' });
		markTitle('lock', isUrgent(state) ? '(!)' : null);
		this.#emit('change');
	}

	/* Showing it */

	/**
	 * Shows the current state.
	 * @param {{ isSaving?: boolean }} [options] isSaving: nothing can be
	 *   pressed meanwhile
	 * @returns {void}
	 */
	show({ isSaving = false } = {}) {
		const { parentHolder } = this.#edited;
		if (parentHolder && this.phase === 'held') this.#bar.show(lockedWith(parentHolder, this.#edited.parentLabel), {});
		else if (this.#lock) this.#bar.show(this.#view(), this.state);
		this.#bar.setPressable(!isSaving);
	}

	#view() {
		return lockView(this.state, {
			mayTakeOver: this.#edited.table.may.take_over,
			isDirty: this.#edited.isDirty,
			asked: this.#ownRequest(),
			idleSince: this.state.holder ? this.#idleSince(this.state.holder.owner) : null,
		});
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}
