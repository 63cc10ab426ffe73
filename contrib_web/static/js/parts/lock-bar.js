/**
 * The lock of an edit page, shown in three places: the state, in one line of
 * the bar that stays in view; beside it the one action that the state asks
 * for; and among the messages what needs an explanation. Shows the view of
 * model/lock-view.js.
 */
import { t } from '../lang/texts.js';
import { h, icon } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import { countdown, moment, personName, quoted } from '../model/text.js';
import { avatar } from './person.js';
import { timeLeft } from './time-left.js';
import { button, setPressable } from '../ui/widgets.js';

/** Label (its key) and classes of the buttons, by action. */
const LABELS = {
	keep: ['action.keep', ''],
	leave: ['action.cancel', 'plain'],
	again: ['action.start', 'primary'],
	saveAgain: ['action.lock_and_save', 'primary'],
	control: ['action.control', 'primary'],
	takeOver: ['action.take_over_', ''],
	ask: ['action.request_', 'primary'],
	withdraw: ['action.withdraw_mine', ''],
	compare: ['action.compare_and_copy', ''],
	signIn: ['action.sign_in', 'primary'],
};
/** How long a message fades out, in milliseconds: --fade in tokens.css. */
const FADE = 180;
/** Another user's lock shows its time when it is about to end, in seconds. */
const ABOUT_TO_END = 30;

/**
 * The lock bar. Its elements: `element`, the state; `action`, the main
 * button; `message`, the explanation with further buttons.
 */
export class LockBar {
	#act;
	#drawn = '';
	element = h('section', { class: 'lock-bar', 'aria-label': t('lock.lock') });
	action = h('div', { class: 'lock-action' });
	message = h('div', { class: 'lock-banner' });

	/**
	 * @param {(action: string) => any} act what a button does; may be async
	 */
	constructor(act) {
		this.#act = act;
	}

	/**
	 * Shows that the user may only read the row.
	 * @param {object|null} lock of the user who is editing it
	 * @param {{ nobodyMay: boolean }} options nobodyMay: the database is
	 *   read-only
	 * @returns {void}
	 */
	readOnly(lock, { nobodyMay }) {
		const what = t(nobodyMay ? 'lock.nobody_may' : 'lock.you_may_not');
		if (!lock) return this.#drawLine({ tone: 'quiet', icon: 'info', status: what }, {});
		return this.#drawLine({ tone: 'theirs', icon: 'lock', status: `${t('lock.by', { who: personName(lock) })}. ${what}` }, {});
	}

	/**
	 * @param {import('../model/lock-view.js').View} view
	 * @param {object} state of the lock session
	 * @returns {void}
	 */
	show(view, state) {
		this.#drawLine(view, state);
		this.#drawMessage(view, state);
	}

	// Each thing is said once: a message's title is the state.
	#drawLine({ tone, icon: name, status, counts, banner }, state) {
		const words = banner?.title ?? status;
		const isShort = words !== status && state.phase !== 'lost'; // which needs the reason
		this.element.dataset.tone = tone;
		this.element.replaceChildren(
			holdsIt(state) ? avatar(state.holder) : icon(name),
			h('span', { class: 'status', title: words }, isShort ? [h('span', { class: 'long' }, words), h('span', { class: 'short' }, status)] : words),
			...[holderNow(state, words), until(state, counts)].filter(Boolean),
		);
	}

	// Replaced only if its content changes, so that neither the focus nor a
	// screen reader is disturbed.
	#drawMessage(view, state) {
		const key = JSON.stringify([state.phase, view.tone, view.banner ?? null, state.holder?.acquired_at]);
		if (key === this.#drawn) return;
		this.#drawn = key;
		const old = this.message.firstElementChild;
		const { actions = [], text = [], facts } = view.banner ?? {};
		const main = saves(state) ? null : actions.find((action) => LABELS[action][1] === 'primary');
		this.#drawAction(main);
		if (!view.banner) return this.#fade(old);
		const buttons = actions.filter((action) => action !== main).map((action) => this.#button(action, this.#furtherKind(action, main)));
		const paragraphs = text.map((words) => h('p', {}, words));
		if (facts && state.holder) paragraphs.push(h('p', { class: 'quiet small' }, sinceAndNote(state.holder)));
		const message = h(
			'div',
			{ class: 'lock-says', data: { tone: view.tone } },
			h('div', { class: 'words' }, paragraphs),
			buttons.length ? h('div', { class: 'button-row' }, buttons) : null,
		);
		return keepFocus(this.message, () => this.message.replaceChildren(message), () => this.message.querySelector('button'));
	}

	#drawAction(main) {
		const buttons = main ? [this.#button(main, LABELS[main][1])] : [];
		keepFocus(this.action, () => this.action.replaceChildren(...buttons), () => buttons[0]);
	}

	// There is one main button at a time.
	#furtherKind(action, main) {
		const [, kind] = LABELS[action];
		return `small ${main && kind === 'primary' ? '' : kind}`;
	}

	#button(action, kind) {
		return button(t(LABELS[action][0]), () => this.#act(action), { kind });
	}

	/**
	 * @param {boolean} isPressable whether the buttons can be pressed
	 * @returns {void}
	 */
	setPressable(isPressable) {
		for (const part of [this.action, this.message]) setPressable(part.querySelectorAll('button'), isPressable);
	}

	#fade(old) {
		if (!old) return;
		const main = old.contains(document.activeElement) ? document.querySelector('main h1') : null;
		old.classList.add('leaving');
		setTimeout(() => old.remove(), FADE);
		main?.focus({ preventScroll: true });
	}
}

/** Whether another user is seen to hold the row. */
const holdsIt = ({ phase, holder }) => phase === 'blocked' && Boolean(holder);

/** Whether the bar's main button is Save. */
const saves = ({ phase }) => phase === 'held' || phase === 'expired';

const sinceAndNote = ({ acquired_at: since, note }) => [t('lock.since', { when: moment(since) }), note && quoted(note)].filter(Boolean).join('. ');

// A time only when it matters.
function until({ phase, endsAt, holder }, counts) {
	const isOwn = phase === 'held';
	const end = isOwn ? endsAt : holder?.endsAt;
	if (isOwn && !counts) return h('span', { class: 'until' }, t('lock.kept'));
	if (!end || !counts) return null;
	const words = (seconds) => (isOwn || seconds <= ABOUT_TO_END ? t('lock.left', { time: countdown(seconds) }) : '');
	return h('span', { class: 'until number' }, timeLeft(end, { words }));
}

// A lock that was lost says first why, and then who holds the row.
function holderNow({ phase, holder }, words) {
	if (phase === 'lost' && !holder) return h('span', { class: 'until' }, t('lock.free_now'));
	if (phase !== 'lost' || !holder || holder.is_mine || words.includes(personName(holder))) return null;
	return h('span', { class: 'until' }, t('lock.by', { who: personName(holder) }));
}
