/**
 * Requests for the row of an edit page: the user's own, and those that others
 * sent to the user.
 */
import { t } from '../../lang/texts.js';
import { givesAwayAt } from '../../model/lock-session.js';
import { moment, personName, quoted } from '../../model/text.js';
import { avatar } from '../../parts/person.js';
import { askToDecline } from '../../parts/row-questions.js';
import { askForMessage } from '../../parts/unlock.js';
import { announce, toast } from '../../ui/announce.js';
import { h } from '../../ui/dom.js';
import { notify } from '../../ui/notify.js';
import { markTitle, markUnseen } from '../../ui/tab-title.js';
import { banner, button } from '../../ui/widgets.js';

/**
 * Events:
 * - `change`: show the page again
 */
export class Requests extends EventTarget {
	#edited;
	#lock;
	#notes;
	#save;
	#keepDraft;
	#told = new Set();

	/**
	 * @param {object} options
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 * @param {() => Promise<void>} options.save saves the form, and keeps the
	 *   lock
	 * @param {() => Promise<boolean>} options.keepDraft keeps the form as a
	 *   draft; false: the page shows why not
	 */
	constructor({ edited, lock, notes, save, keepDraft }) {
		super();
		this.#edited = edited;
		this.#lock = lock;
		this.#notes = notes;
		this.#save = save;
		this.#keepDraft = keepDraft;
	}

	/** The user's own request, with the length of the queue, or null. */
	get own() {
		const queue = this.#lock.requests;
		const own = queue.find((request) => request.is_mine);
		return own ? { ...own, total: queue.length } : null;
	}

	/** The others' requests, while the user holds the row. */
	get #wanted() {
		return this.#lock.phase === 'held' ? this.#lock.requests.filter((request) => !request.is_mine) : [];
	}

	/**
	 * The queue has changed.
	 * @returns {void}
	 */
	changed() {
		for (const request of this.#wanted) this.#tell(request);
		this.dispatchEvent(new Event('change'));
	}

	#tell({ owner, owner_name: name, message, requested_at: at }) {
		if (this.#told.has(`${at} ${owner}`)) return;
		this.#told.add(`${at} ${owner}`);
		const words = t('request.one', { who: name || owner });
		announce([words, message].filter(Boolean).join(' '), { urgent: true });
		notify(words, { body: message ?? this.#edited.title, tag: `request ${owner}` });
	}

	/**
	 * Shows that the holder has declined the user's request.
	 * @param {{ message: string|null }} answer
	 * @returns {void}
	 */
	declined({ message }) {
		const { holder } = this.#lock.state;
		const words = holder ? t('request.declined', { who: personName(holder) }) : t('request.declined_by_holder');
		this.#notes.show('declined', 'info', { icon: 'hand', title: words, text: message ? quoted(message) : [] });
		this.#tellUnseen(words, message ?? '');
	}

	/**
	 * It is the user's turn: the page has locked the row.
	 * @returns {void}
	 */
	granted() {
		this.#notes.remove('declined');
		toast(t('request.granted'));
		this.#tellUnseen(t('request.your_turn'), this.#edited.title);
	}

	// Notifies of the answer to the user's own request.
	#tellUnseen(words, body) {
		notify(words, { body, tag: 'turn' });
		markUnseen('turn', '(!)');
	}

	/**
	 * Sends a request to the holder, after a confirmation.
	 * @returns {Promise<void>}
	 */
	async ask() {
		const { holder } = this.#lock.state;
		const message = await askForMessage(holder);
		if (message === null) return;
		await this.#attempt(() => this.#lock.ask(message || null));
		if (this.own) toast(t('request.sent', { who: personName(holder) }));
	}

	/**
	 * Withdraws the user's request.
	 * @returns {Promise<void>}
	 */
	withdraw() {
		return this.#attempt(() => this.#lock.withdraw());
	}

	async #attempt(act) {
		try {
			await act();
		} catch (error) {
			this.#notes.failed(error, { isDirty: this.#edited.isDirty });
		}
	}

	/* Showing others' requests */

	/**
	 * Shows others' requests while the user holds the row.
	 * @returns {void}
	 */
	show() {
		const wanted = this.#wanted;
		const { isDirty } = this.#edited;
		const endsAt = this.#lock.state?.isGiving ? givesAwayAt(this.#lock.state) : null;
		this.#notes.keep('wanted', wanted.length ? [wanted, isDirty, endsAt] : null, () => this.#note(wanted, isDirty, endsAt));
		markTitle('requests', wanted.length ? `(${wanted.length})` : null);
		if (endsAt !== null && wanted.length) this.#warn(wanted[0], endsAt);
	}

	/**
	 * The page is left.
	 * @returns {void}
	 */
	close() {
		markTitle('requests', null);
		markTitle('turn', null);
	}

	#warn(first, endsAt) {
		if (this.#told.has(endsAt)) return;
		this.#told.add(endsAt);
		const words = t('request.giving_soon', { who: personName(first) });
		announce(words, { urgent: true });
		notify(words, { body: this.#edited.title, tag: 'giving' });
	}

	#note(wanted, isDirty, endsAt) {
		const [first] = wanted;
		const title = wanted.length === 1 ? t('request.one', { who: personName(first) }) : t('request.several', { n: wanted.length });
		const warning = endsAt === null ? null : h('p', {}, t('request.giving_at', { who: personName(first), when: wallTime(endsAt) }));
		return banner(endsAt === null ? 'info' : 'warn', {
			icon: 'hand',
			title,
			text: [warning, h('ol', { class: 'askers' }, wanted.map((request) => this.#asker(request, request === first, isDirty)))].filter(Boolean),
			actions: endsAt === null ? [] : [button(t('action.keep'), () => this.#lock.use(), { kind: 'small' })],
		});
	}

	#asker(request, isFirst, isDirty) {
		const name = personName(request);
		const kind = isFirst ? 'primary small' : 'small';
		// From the second request on, labels name the requester, too.
		const press = (text, act, kindOf) => button(text, act, { kind: kindOf, label: isFirst ? null : `${t('text.labelled', { label: text })} ${name}` });
		const give = isDirty
			? [
					press(t('request.save_and_give'), () => this.#saveAndHandOver(request), kind),
					press(t('request.draft_and_give'), () => this.#draftAndHandOver(request), 'small'),
				]
			: [press(t('action.hand_over'), () => this.#handOver(request), kind)];
		return h(
			'li',
			{},
			h(
				'div',
				{ class: 'asker' },
				avatar(request),
				h('span', { class: 'asker-name', dir: 'auto' }, name),
				h('time', { class: 'quiet small number', dateTime: request.requested_at }, moment(request.requested_at)),
			),
			request.message ? h('q', { dir: 'auto' }, request.message) : null,
			h('div', { class: 'button-row' }, give, press(t('action.decline_'), () => this.#decline(request), 'small')),
		);
	}

	#handOver({ owner }) {
		return this.#attempt(() => this.#lock.handOver(owner));
	}

	// A save that was refused shows why.
	async #saveAndHandOver(request) {
		await this.#save();
		if (!this.#edited.isDirty && this.#lock.phase === 'held') await this.#handOver(request);
	}

	async #draftAndHandOver(request) {
		if (await this.#keepDraft()) await this.#handOver(request);
	}

	async #decline(request) {
		const message = await askToDecline(request);
		if (message !== null) await this.#attempt(() => this.#lock.decline(request.owner, message || null));
	}
}

const wallTime = (at) => moment(new Date(Date.now() + at - performance.now()).toISOString());
