/**
 * The edit page of a row, and of a new one. Connects the modules of edit/,
 * each of which has one concern: data flows down by show(), changes come up
 * as events.
 */
import { t } from '../lang/texts.js';
import { FormNotes } from '../parts/form-notes.js';
import { childrenList } from '../parts/children-list.js';
import { historyIsStale, rowAside } from '../parts/row-aside.js';
import { RowForm } from '../parts/row-form.js';
import { h } from '../ui/dom.js';
import { Comparing } from './edit/comparing.js';
import { Drafts } from './edit/drafts.js';
import { EditedRow } from './edit/edited-row.js';
import { EditLock } from './edit/edit-lock.js';
import { layout } from './edit/layout.js';
import { Leaving, listAddress } from './edit/leaving.js';
import { showParent, watchParent } from './edit/parent.js';
import { RowPresence } from './edit/presence.js';
import { Requests } from './edit/requests.js';
import { Saving } from './edit/saving.js';

/** How long the last draft of a page takes to be stored, in milliseconds. */
const LATEST_DRAFT = 3000;

/** Implements Page of app.js. */
export class EditPage {
	#app;
	#query;
	#edited;
	#lock;
	#requests;
	#presence;
	#comparing;
	#drafts;
	#saving;
	#leaving = null;
	/**
	 * For what the user has pressed a button of the lock bar: as soon as the
	 * row is locked and read again, the page does it.
	 * @type {'edit'|'save'|null}
	 */
	#wish = null;
	/** Whether the form was used since: the page then opens no dialog. */
	#isFormUsed = false;
	#rowForm;
	#mayHaveNewDrafts = false;
	#stop = new AbortController();
	#notes = new FormNotes();
	#heading = h('bdi', {});
	#aside = h('aside', { class: 'row-aside', 'aria-label': t('row.about') });

	/**
	 * @param {object} app
	 * @param {object} route of model/route.js
	 * @param {string} route.table as in the address
	 * @param {string|null} route.key null: a new row
	 * @param {{ from?: string }} route.query from: values of a new row, as
	 *   JSON
	 */
	constructor(app, { table, key, query }) {
		this.#app = app;
		this.#query = query;
		this.#edited = new EditedRow(app.api, table, key);
	}

	get title() {
		return this.#edited.title;
	}

	/**
	 * Loads the row, shows it and locks it.
	 * @returns {Promise<void>}
	 * @throws {import('../client/api.js').Problem}
	 */
	async load() {
		const sentAt = await this.#edited.load(this.#query.from);
		this.#app.lastRow = this.#edited.key;
		this.#assemble();
		this.#connect();
		this.#show();
		this.#listen();
		this.#lock.start(sentAt, this.#stop.signal);
		if (!this.#edited.isNew) this.#presence.start();
		this.#drafts.look(); // the page is shown meanwhile
	}

	/**
	 * Releases the lock. The page is not used afterwards.
	 * @returns {void}
	 */
	close() {
		this.#stop.abort();
		this.#lock?.leave();
		this.#presence?.leave();
		this.#requests?.close();
	}

	/**
	 * Whether the page may be left.
	 * @returns {boolean|Promise<boolean>} true at once without a question
	 */
	mayLeave() {
		return this.#leaving?.mayLeave() ?? true;
	}

	#assemble() {
		const [app, edited, notes] = [this.#app, this.#edited, this.#notes];
		const presence = new RowPresence(app, edited);
		const lock = new EditLock({
			app,
			edited,
			ownRequest: () => this.#requests.own,
			idleSince: (owner) => presence.idleSince(owner),
			drafts: () => this.#drafts,
			act: (action) => this.#actions[action](),
		});
		const rowForm = new RowForm({
			table: edited.table,
			isNew: edited.isNew,
			api: app.api,
			references: edited.row?.references ?? {},
		});
		const comparing = new Comparing({ edited, notes, isDeleting: () => this.#saving.isDeleting });
		this.#lock = lock;
		this.#presence = presence;
		this.#rowForm = rowForm;
		this.#comparing = comparing;
		this.#requests = new Requests({
			edited,
			lock,
			notes,
			save: () => this.#saving.save({ keep: true }),
			keepDraft: () => this.#drafts.store(),
		});
		this.#drafts = new Drafts({ app, edited, lock, comparing, notes, signal: this.#stop.signal });
		this.#saving = new Saving({ app, edited, lock, comparing, rowForm, drafts: this.#drafts, notes, signal: this.#stop.signal });
		this.#leaving = new Leaving({ edited, lock, saving: this.#saving, drafts: this.#drafts });
		this.element = layout(edited, {
			list: listAddress(app, edited),
			heading: this.#heading,
			lock,
			people: presence.element,
			notes: notes.element,
			form: rowForm,
			aside: this.#aside,
			children: edited.isNew ? null : childrenList(app, edited.row, edited.table.may.break_locks, this.#stop.signal),
		});
	}

	#connect() {
		for (const part of [this.#lock, this.#requests, this.#presence, this.#comparing, this.#drafts, this.#saving])
			part.addEventListener('change', () => this.#show());
		on(this.#rowForm, {
			change: (change) => this.#typed(change),
			save: (how) => this.#saving.save(how),
			leave: () => this.#leave(),
			delete: () => this.#saving.delete(),
		});
		on(this.#lock, {
			history: () => historyIsStale(this.#aside),
			draft: (draft) => this.#draftStored(draft),
			phase: (phase) => this.#entered(phase),
			reread: () => this.#reread(),
			request: () => this.#requests.changed(),
			declined: (answer) => this.#requests.declined(answer),
			turn: () => this.#requests.granted(),
			unprotected: () => this.#checkProtection(),
		});
	}

	#listen() {
		this.#rowForm.element.addEventListener('focusin', () => (this.#isFormUsed = true));
		this.#saving.addEventListener('gone', () => this.#presence.leave({ isGone: true }));
		this.#drafts.addEventListener('saved', () => this.#savedBefore());
		this.#comparing.addEventListener('changed', ({ detail }) => this.#rowForm.markChanged(detail));
		const { signal } = this.#stop;
		addEventListener('beforeunload', (event) => this.#leaving.wouldLoseText && event.preventDefault(), { signal });
		addEventListener('keydown', (event) => this.#shortcut(event), { signal });
		this.#app.addEventListener('signedin', () => this.#lock.wake(), { signal });
		this.#app.addEventListener('reachable', () => this.#reachable(), { signal });
		this.#app.live.addEventListener('lock', ({ detail }) => this.#lockedByOthers(detail), { signal });
		watchParent(this.#app, this.#edited, signal, () => this.#show());
	}

	/** What the buttons of the lock bar do. */
	#actions = {
		save: () => this.#saving.save({ keep: false }),
		keep: () => this.#lock.use(),
		leave: () => this.#leave(),
		again: () => this.#again('edit'),
		saveAgain: () => this.#again('save'),
		control: () => this.#takeControl(),
		takeOver: () => this.#takeOver(),
		ask: () => this.#requests.ask(),
		withdraw: () => this.#requests.withdraw(),
		compare: () => this.#comparing.compareNow(),
		signIn: () => this.#app.goToSignIn(),
	};

	#shortcut(event) {
		if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
		event.preventDefault();
		if (!document.querySelector('dialog[open]')) this.#saving.save({ keep: true });
	}

	#typed({ name, value, undo, complaint }) {
		this.#isFormUsed = true;
		if (undo) this.#edited.undo(name);
		else if (complaint === null) this.#edited.set(name, value);
		else this.#edited.setUnread(name, value);
		this.#rowForm.forgive(name);
		this.#rowForm.note.textContent = '';
		if (!Object.hasOwn(this.#edited.form.mine, name)) this.#rowForm.showNote(name, null);
		this.#rowForm.showField(this.#edited.form, name);
		this.#drafts.keep();
		this.#showButtons();
		this.#lock.change();
		this.#presence.type(name);
	}

	#wishFor(wish) {
		this.#wish = wish;
		this.#isFormUsed = false;
	}

	#again(wish) {
		this.#wishFor(wish);
		this.#lock.again();
	}

	async #takeOver() {
		if (await this.#lock.takeOver()) this.#wishFor('edit');
	}

	async #reread() {
		const wish = this.#wish;
		this.#wish = null;
		const wasRead = await this.#comparing.reread({ mayAsk: () => wish === 'edit' && !this.#isFormUsed });
		if (wish === 'save' && wasRead) await this.#saveAgain();
		else if (this.#mayHaveNewDrafts) this.#lookForDrafts();
	}

	// A user who goes on typing is not interrupted, and the page stays.
	async #saveAgain() {
		if (!this.#isFormUsed) return this.#saving.save({ keep: false });
		if (!this.#edited.conflicts.length) return this.#saving.save({ keep: true });
		return undefined;
	}

	// By an earlier page: nobody else has changed the row.
	async #savedBefore() {
		const row = this.#edited.isNew ? null : await this.#edited.read().catch(() => null);
		if (!row || this.#stop.signal.aborted) return;
		this.#edited.rebase(row);
		this.#show();
	}

	// What was typed last in a tab on another computer arrives a moment after
	// its lock has ended.
	#takeControl() {
		this.#mayHaveNewDrafts = true;
		this.#wishFor('edit');
		this.#lock.control();
	}

	async #lookForDrafts() {
		this.#mayHaveNewDrafts = false;
		await this.#drafts.look();
		await new Promise((resolve) => { setTimeout(resolve, LATEST_DRAFT); });
		if (!this.#stop.signal.aborted) await this.#drafts.look();
	}

	#reachable() {
		this.#notes.mend();
		this.#rowForm.lookUpAgain();
		historyIsStale(this.#aside);
		this.#lock.wake();
	}

	// A table that was not protected has a lock: it is protected now.
	async #lockedByOthers({ table, key }) {
		const { known, isNew, table: { protection } } = this.#edited;
		if (isNew || protection !== null || table !== known.table || key !== known.key) return;
		const sentAt = performance.now();
		const isProtected = await this.#edited.readProtection();
		if (isProtected && !this.#stop.signal.aborted) this.#lock.refusedSave({ lock: null, sentAt, isProtected });
	}

	async #checkProtection() {
		if (await this.#edited.readProtection() || this.#stop.signal.aborted) return;
		this.#lock.unprotected();
		this.#notes.show('protection', 'warn', { icon: 'unlock', title: t('saving.unprotected_now'), text: t('rows.not_protected.text') });
		this.#show();
	}

	#entered(phase) {
		if (phase !== 'acquiring' && phase !== 'held') this.#wish = null;
	}

	#draftStored({ isKept }) {
		const { unkept } = this.#lock;
		const isWhole = isKept && this.#edited.isDirty && this.#edited.table.protection && Object.keys(unkept).length === 0;
		if (isWhole) this.#drafts.sent();
		this.#rowForm.note.textContent = isWhole ? t('drafts.saved') : '';
		this.#rowForm.showNotes(unkept);
	}

	#leave() {
		return this.#app.router.go(listAddress(this.#app, this.#edited));
	}

	#show() {
		const { table, row, form } = this.#edited;
		this.#drafts.keep();
		this.#heading.textContent = row?.label ?? '';
		this.#rowForm.showNotes(this.#edited.isDirty ? this.#lock.unkept : {});
		this.#rowForm.show(form, { mayEdit: this.#lock.mayEdit && !this.#saving.isClosing });
		this.#lock.show({ isSaving: this.#saving.isSaving });
		this.#requests.show();
		this.#rowForm.showPeople(this.#presence.typing);
		showParent(this.#notes, this.#edited);
		this.#showButtons();
		rowAside(this.#aside, { app: this.#app, table, row });
	}

	#showButtons() {
		const { isDirty } = this.#edited;
		this.#rowForm.showButtons({ mayEdit: this.#lock.mayEdit, isDirty, saving: this.#saving });
	}
}

/** Adds a listener per type, called with the event's detail. */
function on(target, listeners) {
	for (const [type, listener] of Object.entries(listeners))
		target.addEventListener(type, ({ detail }) => listener(detail));
}
