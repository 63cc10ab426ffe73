/**
 * The edit page of a row, and of a new one: form, lock, saving, and what can go wrong with them.
 */
import { RowLock } from '../../locking.js';
import { Problem, rowPath, tablePath } from '../api.js';
import { h } from '../dom.js';
import * as Form from '../model/form.js';
import { lockView, spoken } from '../model/lock-view.js';
import { explain } from '../model/problem.js';
import { paths } from '../model/route.js';
import { moment, personName } from '../model/text.js';
import { compare } from '../parts/compare.js';
import { FormNotes } from '../parts/form-notes.js';
import { LockBar } from '../parts/lock-bar.js';
import { watchLock } from '../parts/lock-watch.js';
import { historyIsStale, rowAside } from '../parts/row-aside.js';
import { RowForm } from '../parts/row-form.js';
import { askToDelete, askToLeave, askToTakeOver } from '../parts/row-questions.js';
import { askFor } from '../parts/unlock.js';
import { lockOnSetting } from '../settings.js';
import { announce, banner, button, toast } from '../ui.js';
import { timed } from './list-page.js';
import { signInAgain } from './signin.js';

/** What of the lock's state can be seen. */
const SHOWN = ['phase', 'warned', 'trouble', 'endsAt', 'holder', 'loss', 'refusal'];

export class EditPage {
	#app;
	#tableName;
	#key;
	#query;
	#table = null;
	#row = null;
	#form = null;
	#lock = null;
	#before = null;
	#rowForm = null;
	#conflicts = [];
	#asked = null;
	#ended = null;
	#saving = false;
	/** Saving, and then the page is left: what is typed meanwhile would be lost. */
	#closing = false;
	#stop = new AbortController();
	#bar = new LockBar((action) => this.#act(action));
	#notes = new FormNotes();
	#heading = h('bdi', {});
	#aside = h('aside', { class: 'row-aside', 'aria-label': 'About this row' });

	constructor(app, { table, key, query }) {
		this.#app = app;
		this.#tableName = table;
		this.#key = key;
		this.#query = query;
	}

	get #isNew() {
		return this.#key === null;
	}
	get title() {
		return `${this.#isNew ? 'New row' : (this.#row?.label ?? this.#key)} · ${this.#table?.name ?? this.#tableName}`;
	}
	get #isDirty() {
		return Form.isDirty(this.#form);
	}
	get #mayEdit() {
		if (this.#isNew) return this.#table.may.insert;
		if (!this.#table.may.update || this.#parentHolder) return false;
		return this.#lock ? this.#lock.mayEdit : true;
	}

	// The row that guards this one is somebody else's.
	get #parentHolder() {
		const lock = this.#row?.parent_lock;
		return lock && !lock.is_mine ? lock : null;
	}

	async load() {
		const { api } = this.#app;
		const [table, row] = await Promise.all([
			api.get(tablePath(this.#tableName)),
			this.#isNew ? null : api.get(rowPath(this.#tableName, this.#key)),
		]);
		this.#table = table.data;
		this.#row = row?.data ?? null;
		this.#key = this.#row?.key ?? null;
		this.#app.lastRow = this.#key;
		this.#form = Form.create(this.#row?.values ?? {});
		if (this.#isNew) this.#prefill();
		this.element = this.#build();
		this.#render();
		this.#listen();
		if (this.#row) this.#startLock(row.sentAt);
	}

	close() {
		this.#stop.abort();
		this.#lock?.leave();
	}

	#prefill() {
		try {
			for (const [name, value] of Object.entries(JSON.parse(this.#query.from ?? '{}')))
				this.#form = Form.set(this.#form, name, value);
		} catch {
			// Not an address that these pages make.
		}
	}

	#listen() {
		const { signal } = this.#stop;
		addEventListener('beforeunload', (event) => this.#textIsOnlyHere() && event.preventDefault(), { signal });
		this.#app.addEventListener('signedin', () => this.#lock?.wake(), { signal });
		this.#app.live.addEventListener('lock', ({ detail }) => this.#parentNews(detail), { signal });
		addEventListener('keydown', (event) => this.#shortcut(event), { signal });
	}

	#textIsOnlyHere() {
		if (!this.#isDirty || this.#saving) return false;
		return !this.#lock || this.#lock.state.phase !== 'held' || this.#lock.state.changedAt !== null;
	}

	#shortcut(event) {
		if (event.key !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
		event.preventDefault();
		if (!document.querySelector('dialog[open]')) this.#save({ keep: true });
	}

	/* The lock */

	#startLock(sentAt) {
		const { name, protection, time_until_expiration: ttl, time_until_warning: warning, may } = this.#table;
		const lockOn = !protection ? 'never' : lockOnSetting();
		if (!may.update && !may.delete) return this.#watchLock(sentAt);
		this.#lock = new RowLock({
			api: this.#app.api,
			live: this.#app.live,
			table: this.#table.table,
			key: this.#key,
			lockOn,
			ttl,
			warning,
			draft: () => Form.draftOf(this.#form),
		});
		this.#before = this.#lock.state;
		this.#lock.addEventListener('state', ({ detail }) => this.#lockChanged(detail));
		this.#lock.addEventListener('reread', () => this.#reread());
		this.#lock.addEventListener('request', () => this.#readRequests());
		this.#bar.settings({ name, hasLocks: protection !== null });
		this.#lock.start({ lock: this.#row.lock, sentAt });
		return this.#render();
	}

	#watchLock(sentAt) {
		const lock = timed(this.#row.lock, sentAt);
		this.#bar.readOnly(lock);
		watchLock({ app: this.#app, table: this.#table.table, key: this.#key, lock, signal: this.#stop.signal }, (news) => {
			this.#bar.readOnly(news);
			historyIsStale(this.#aside);
		});
	}

	#lockChanged(state) {
		const before = this.#before;
		this.#before = state;
		if (state.phase === 'lost' && before.loss?.cause !== state.loss.cause) this.#findWhoEnded(state.loss.cause);
		if (state.phase !== 'lost') this.#ended = null;
		if (state.phase === 'held' && before.phase !== 'held') this.#heldNow(state);
		if (state.phase === 'blocked' && before.phase !== 'blocked') this.#readRequests();
		if (before.changedAt !== null && state.changedAt === null && state.phase === 'held')
			this.#rowForm.note = this.#isDirty ? 'Draft kept' : '';
		if (state.phase !== before.phase) historyIsStale(this.#aside);
		if (!SHOWN.some((what) => before[what] !== state[what])) return;
		const words = spoken(before, state, this.#lockView());
		const isUrgent = ['lost', 'expired'].includes(state.phase) || state.warned;
		if (words) announce(words, { urgent: isUrgent });
		document.title = `${isUrgent ? '(!) ' : ''}${document.title.replace(/^\(!\) /, '')}`;
		this.#render();
	}

	#heldNow(state) {
		if (state.resumed) toast('Your lock is renewed; nobody has changed the row.');
		this.#asked = null;
		this.#readRequests();
	}

	#lockView() {
		return lockView(this.#lock.state, {
			secondsLeft: this.#lock.secondsLeft,
			mayTakeOver: this.#table.may.take_over,
			isDirty: this.#isDirty,
			asked: this.#asked,
			ended: this.#ended,
		});
	}

	// Who, and why: the live stream does not say; the history does.
	async #findWhoEnded(cause) {
		if (!['broken', 'taken_over'].includes(cause)) return;
		const { data } = await this.#app.api
			.get('/history', { table: this.#table.table, key: this.#key, limit: 5 })
			.catch(() => ({ data: { events: [] } }));
		const end = data.events.find(({ event, owner }) => event === cause && owner === this.#app.session.owner);
		if (!end || this.#lock.state.phase !== 'lost') return;
		const { holder } = this.#lock.state;
		const actor = end.actor === holder?.owner ? personName(holder) : end.actor;
		this.#ended = { actor: end.actor === this.#app.session.owner ? 'You' : actor, reason: end.reason };
		this.#render();
	}

	// The row's lock was taken anew, or its holder has gone: what is in the database now?
	async #reread() {
		try {
			const { data } = await this.#app.api.get(rowPath(this.#tableName, this.#key));
			this.#row = data;
			const { form, changed, conflicts } = Form.rebase(this.#form, data.values);
			this.#form = form;
			this.#conflicts = [...new Set([...this.#conflicts, ...conflicts])].filter((name) => name in form.mine);
			if (changed.length && !conflicts.length && this.#isDirty)
				this.#notes.show('changed', 'info', {
					icon: 'info',
					title: `Others have changed ${changed.join(', ')} meanwhile.`,
					text: 'The new values are in the form. What you typed is untouched.',
				});
			this.#render();
			if (this.#conflicts.length) this.#decide();
		} catch (error) {
			this.#failed(error);
		}
	}

	async #readRequests() {
		const { data } = await this.#app.api
			.get(`${rowPath(this.#tableName, this.#key)}/request`)
			.catch(() => ({ data: { requests: [] } }));
		this.#asked = data.requests.find(({ is_mine: isMine }) => isMine) ?? null;
		const other = data.requests.find(({ is_mine: isMine }) => !isMine);
		this.#wanted = this.#lock?.state.phase === 'held' && other && other.requested_at !== this.#declined ? other : null;
		if (this.#wanted) announce(`${personName(other)} asks for this row.`);
		this.#render();
	}
	#wanted = null;
	#declined = null;

	async #parentNews({ table, key, event }) {
		const parent = this.#row?.parent_lock;
		const isParent = parent
			? table === parent.table && key === parent.key
			: this.#table.foreign_keys.some((each) => each.constraint === this.#table.protection?.parent && each.table === table);
		if (!isParent || event === 'requested' || event === 'withdrawn') return;
		const { data } = await this.#app.api.get(rowPath(this.#tableName, this.#key)).catch(() => ({ data: null }));
		if (!data) return;
		this.#row = { ...this.#row, parent_lock: data.parent_lock };
		this.#render();
	}

	#actions = {
		save: () => this.#save({ keep: false }),
		keep: () => this.#lock.use(),
		leave: () => this.#leave(),
		again: () => this.#lock.again(),
		control: () => this.#lock.control(),
		takeOver: () => this.#takeOver(),
		ask: () => this.#ask(),
		withdraw: () => this.#withdraw(),
		compare: () => this.#compareNow(),
		signIn: () => signInAgain(this.#app),
	};

	#act(action) {
		return this.#actions[action]();
	}

	async #takeOver() {
		const reason = await askToTakeOver(this.#lock.state.holder);
		if (reason !== null) this.#lock.takeOver(reason || null);
	}

	async #ask() {
		try {
			if (await askFor(this.#app, this.#lock.state.holder)) await this.#readRequests();
		} catch (error) {
			this.#failed(error);
		}
	}

	async #withdraw() {
		try {
			await this.#app.api.delete(`${rowPath(this.#tableName, this.#key)}/request`);
			await this.#readRequests();
		} catch (error) {
			this.#failed(error);
		}
	}

	/* The form */

	#changed({ name, value, undo }) {
		this.#form = Form.set(this.#form, name, undo ? this.#form.base[name] : value);
		this.#conflicts = this.#conflicts.filter((each) => each in this.#form.mine);
		this.#rowForm.forgive(name);
		this.#rowForm.note = '';
		this.#rowForm.showField(this.#form, name);
		this.#renderSave();
		this.#lock?.change();
	}

	#render() {
		this.#heading.textContent = this.#row?.label ?? '';
		this.#rowForm.show(this.#form, { mayEdit: this.#mayEdit && !this.#closing });
		this.#renderBar();
		this.#renderWanted();
		this.#renderParent();
		this.#renderSave();
		rowAside(this.#aside, { app: this.#app, table: this.#table, row: this.#row });
	}

	#renderBar() {
		const parent = this.#parentHolder;
		if (parent && this.#lock?.state.phase === 'held') this.#bar.show(lockedWith(parent), {});
		else if (this.#lock) this.#bar.show(this.#lockView(), this.#lock.state);
	}

	#renderSave() {
		this.#rowForm.showButtons({ mayEdit: this.#mayEdit, isDirty: this.#isDirty, isSaving: this.#saving });
	}

	#renderWanted() {
		const wanted = this.#lock?.state.phase === 'held' ? this.#wanted : null;
		this.#notes.keep('wanted', wanted && [wanted, this.#isDirty], () => this.#wantedNote(wanted));
	}

	#wantedNote(wanted) {
		const handOver = () => (this.#isDirty ? this.#save({ keep: false }) : this.#leave());
		const decline = () => {
			this.#declined = wanted.requested_at;
			this.#wanted = null;
			this.#render();
		};
		return banner('info', {
			icon: 'hand',
			title: `${personName(wanted)} asks for this row.`,
			text: wanted.message ? `“${wanted.message}”` : [],
			actions: [
				button(this.#isDirty ? 'Save and hand over' : 'Hand over', handOver, { kind: 'primary small' }),
				button('Not now', decline, { kind: 'small' }),
			],
		});
	}

	#renderParent() {
		const holder = this.#parentHolder;
		this.#notes.keep('parent', holder && [holder.key, holder.owner, holder.acquired_at], () =>
			banner('theirs', {
				icon: 'lock',
				title: `${holder.name} ${holder.key} is currently being edited by ${personName(holder)}.`,
				text: [
					'This row belongs to it, so you can read it but not edit it until then.',
					h('p', {}, h('a', { href: paths.row(holder.name, holder.key) }, `See ${holder.name} ${holder.key}`)),
				],
			}),
		);
	}

	/* Saving */

	async #save({ keep }) {
		if (this.#saving || !this.#mayEdit || !(this.#isDirty || this.#isNew)) return;
		if (this.#conflicts.length && !(await this.#decide())) return;
		if (!this.#rowForm.check(this.#form)) return;
		const values = Object.fromEntries(Object.entries(Form.changes(this.#form)).filter(([, value]) => value !== undefined));
		this.#saving = true;
		this.#closing = !keep || this.#isNew || this.#table.columns.some(({ key, name }) => key && name in values);
		this.#render();
		try {
			await (this.#isNew ? this.#insert(values, keep) : this.#update(values, keep));
		} catch (error) {
			this.#refused(error);
		} finally {
			this.#saving = this.#closing = false;
			this.#render();
		}
	}

	async #update(values, keep) {
		const hasLocks = this.#table.protection !== null;
		const sent = this.#form;
		const { data, sentAt } = await this.#app.api.put(rowPath(this.#tableName, this.#key), {
			token: this.#lock?.token ?? null,
			values,
			keep: keep && hasLocks,
		});
		this.#lock?.saved({ released: !keep || !data.lock, seconds_left: data.lock?.seconds_left, sentAt });
		this.#savedAs(data, sent);
		toast(`${data.label} is saved.`);
		if (!keep) return this.#toList();
		if (data.key !== this.#row.key)
			return this.#app.router.go(paths.row(this.#tableName, data.key), { replace: true, ask: false });
		return undefined;
	}

	async #insert(values, keep) {
		const { data } = await this.#app.api.post(`${tablePath(this.#tableName)}/rows`, { values });
		this.#savedAs(data, this.#form);
		toast(`${data.label} is added.`);
		this.#app.lastRow = data.key;
		await this.#app.router.go(keep ? paths.row(this.#tableName, data.key) : this.#listAddress(), { replace: true, ask: false });
	}

	#savedAs({ values, label }, sent) {
		this.#row = this.#row && { ...this.#row, values, label, draft: null };
		this.#form = Form.saved(this.#form, sent, values);
		this.#conflicts = [];
		this.#notes.clear();
		this.#rowForm.note = '';
	}

	#refused(error) {
		if (!(error instanceof Problem)) throw error;
		const { status, problem, sentAt } = error;
		if (status === 422 && this.#rowForm.refuse(problem)) return undefined;
		if ((status === 423 || (status === 409 && /lost$/.test(problem.type))) && this.#lock)
			this.#lock.refusedSave({ lock: problem.lock ?? null, sentAt });
		if (status !== 401) return this.#failed(error, 'Not saved.');
		this.#notes.show('failed', 'bad', { icon: 'warn', title: 'Not saved.', text: 'Sign in again, then save once more.' });
		return this.#lock?.wake(); // and says so, where it says who has the row
	}

	#failed(error, prefix) {
		if (!(error instanceof Problem)) throw error;
		const { title, detail, advice } = explain(error.status, error.problem);
		this.#notes.show('failed', 'bad', {
			icon: 'warn',
			title: [prefix, `${title}.`].filter(Boolean).join(' '),
			text: [detail, advice, this.#isDirty ? 'What you typed is still here.' : ''].filter(Boolean),
		});
	}

	/* Comparing */

	#pairs(names, values) {
		return names.map((name) => ({ name, mine: this.#form.mine[name] ?? null, theirs: values[name] ?? null }));
	}

	async #compareNow() {
		const { data } = await this.#app.api.get(rowPath(this.#tableName, this.#key)).catch(() => ({ data: this.#row }));
		await compare({
			title: 'Your text and the row as it is now',
			text: 'Only the columns that you changed. Nothing is saved here.',
			columns: this.#pairs(Object.keys(this.#form.mine), data.values),
			mayChoose: false,
		});
	}

	// Others changed what the editor changed too. @returns {Promise<boolean>} whether he has decided
	async #decide() {
		const names = this.#conflicts;
		const sides = await compare({
			title: 'Others have changed what you changed',
			text: 'Choose column by column what the form shall hold. Nothing is saved until you save.',
			columns: this.#pairs(names, this.#form.base),
			mayChoose: true,
		});
		if (!sides) {
			this.#notes.show('conflict', 'warn', {
				icon: 'warn',
				title: 'Others have changed what you changed too.',
				text: `In ${names.join(', ')}. You are asked once more before you save.`,
				actions: [button('Compare', () => this.#decide(), { kind: 'small' })],
			});
			return false;
		}
		for (const [name, which] of Object.entries(sides))
			if (which === 'theirs') this.#form = Form.set(this.#form, name, this.#form.base[name]);
		this.#conflicts = [];
		this.#notes.remove('conflict');
		this.#render();
		return true;
	}

	/* Drafts */

	#offerDraft() {
		const draft = this.#row?.draft;
		if (!draft || !Form.draftDiffers(this.#form, draft.data)) return;
		const take = button('Take it in', () => this.#takeDraft(draft), { kind: 'small primary' });
		const see = button('Compare', () => this.#compareDraft(draft), { kind: 'small' });
		const forget = button('Discard', () => this.#discardDraft(), { kind: 'small plain bad' });
		this.#notes.keep('draft', draft.saved_at, () =>
			banner('info', {
				icon: 'history',
				title: `You have unsaved text of this row from ${moment(draft.saved_at)}.`,
				text: 'It was kept when you left without saving.',
				actions: [take, see, forget],
			}),
		);
	}

	#takeDraft(draft) {
		if (!this.#mayEdit) return toast('The row is not yours to edit now. Take the text in when it is.', { bad: true });
		const { form, conflicts } = Form.applyDraft(this.#form, draft.data);
		this.#form = form;
		this.#conflicts = conflicts;
		this.#notes.remove('draft');
		this.#render();
		this.#lock?.change();
		return conflicts.length ? this.#decide() : undefined;
	}

	async #compareDraft(draft) {
		const { form } = Form.applyDraft(Form.create(this.#row.values), draft.data);
		const columns = Object.keys(form.mine).map((name) => ({
			name,
			mine: form.mine[name],
			theirs: this.#row.values[name] ?? null,
		}));
		await compare({
			title: 'Your draft and the row as it is now',
			text: 'Only the columns that differ.',
			columns,
			mayChoose: false,
		});
	}

	async #discardDraft() {
		try {
			await this.#app.api.delete(`${rowPath(this.#tableName, this.#key)}/draft`);
			this.#notes.remove('draft');
			toast('The draft is discarded.');
		} catch (error) {
			this.#failed(error);
		}
	}

	/* Leaving */

	/** @returns {boolean|Promise<boolean>} true at once if there is nothing to ask */
	mayLeave() {
		return !this.#form || !this.#isDirty || this.#saving || this.#askToLeave();
	}

	async #askToLeave() {
		const mayKeepDraft = this.#lock && ['held', 'expired'].includes(this.#lock.state.phase);
		const answer = await askToLeave(mayKeepDraft);
		if (answer === 'draft') return this.#keepDraft();
		if (answer === 'discard' && this.#lock)
			await this.#app.api.delete(`${rowPath(this.#tableName, this.#key)}/draft`).catch(() => {});
		return answer === 'discard';
	}

	async #keepDraft() {
		try {
			await this.#app.api.put(`${rowPath(this.#tableName, this.#key)}/draft`, {
				token: this.#lock.token,
				data: Form.draftOf(this.#form),
			});
			return true;
		} catch (error) {
			this.#failed(error, 'The draft could not be kept.');
			return false;
		}
	}

	#leave() {
		return this.#app.router.go(this.#listAddress());
	}
	#toList() {
		return this.#app.router.go(this.#listAddress(), { ask: false });
	}
	#listAddress() {
		return this.#app.lists.get(this.#tableName) ?? this.#app.lists.get(this.#table.name) ?? paths.rows(this.#tableName);
	}

	async #delete() {
		if (!(await askToDelete(this.#row.label))) return;
		try {
			await this.#app.api.delete(rowPath(this.#tableName, this.#key), {
				body: this.#lock?.token ? { token: this.#lock.token } : undefined,
			});
			this.#lock?.saved({ released: true });
			this.#form = Form.create(this.#row.values);
			toast(`${this.#row.label} is deleted.`);
			await this.#toList();
		} catch (error) {
			this.#refused(error);
		}
	}

	/* Building */

	#build() {
		const form = new RowForm({
			table: this.#table,
			isNew: this.#isNew,
			api: this.#app.api,
			references: this.#row?.references ?? {},
		});
		form.addEventListener('change', ({ detail }) => this.#changed(detail));
		form.addEventListener('save', ({ detail }) => this.#save(detail));
		form.addEventListener('leave', () => this.#leave());
		form.addEventListener('delete', () => this.#delete());
		this.#rowForm = form;
		this.#offerDraft();
		const { name, comment } = this.#table;
		return h(
			'div',
			{ class: 'edit' },
			h(
				'nav',
				{ class: 'crumbs', 'aria-label': 'You are here' },
				h(
					'ol',
					{},
					h('li', {}, h('a', { href: paths.tables() }, 'Tables')),
					h('li', {}, h('a', { href: this.#listAddress() }, name)),
				),
			),
			h(
				'div',
				{ class: 'page-head' },
				h(
					'div',
					{},
					h(
						'h1',
						{ tabIndex: -1 },
						this.#isNew ? `New row in ${name}` : this.#heading,
						this.#row && this.#row.label !== this.#row.key ? [' ', h('bdi', { class: 'row-key' }, this.#row.key)] : null,
					),
					this.#isNew && comment ? h('p', { class: 'quiet' }, comment) : null,
				),
			),
			this.#isNew ? null : this.#bar.element,
			h(
				'div',
				{ class: 'edit-columns' },
				h('div', { class: 'edit-main' }, this.#notes.element, form.element),
				this.#isNew ? null : this.#aside,
			),
		);
	}
}

/** One's own lock of a row is of no use while the row that guards it is another's. */
const lockedWith = (parent) => ({
	tone: 'theirs',
	icon: 'lock',
	status: `Locked by ${personName(parent)}, with ${parent.name} ${parent.key}`,
});
