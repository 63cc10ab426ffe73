/**
 * The lock bar of an edit page: a status line that stays in view, and a
 * banner for states that need an explanation. Shows the view of
 * model/lock-view.js.
 */
import { h, icon } from '../ui/dom.js';
import { moment, personName } from '../model/text.js';
import { timeLeft } from './time-left.js';
import { button } from '../ui/widgets.js';

/** Label and classes of the banner's buttons, by action. */
const LABELS = {
	save: ['Save and close', 'primary'],
	keep: ['Keep editing', ''],
	leave: ['Cancel', 'plain'],
	again: ['Start editing', 'primary'],
	control: ['Take control in this tab', 'primary'],
	takeOver: ['Take over…', ''],
	ask: ['Request editing…', 'primary'],
	withdraw: ['Withdraw my request', ''],
	compare: ['Compare and copy', ''],
	signIn: ['Sign in', 'primary'],
};
/** How long a banner fades out, in milliseconds: --fade in tokens.css. */
const FADE = 180;

/** The lock bar. `element` is its element. */
export class LockBar {
	#act;
	#line = h('div', { class: 'lock-line' });
	#banner = h('div', { class: 'lock-banner' });
	#drawn = '';
	element = h('section', { class: 'lock-bar', 'aria-label': 'Lock' }, this.#line, this.#banner);

	/**
	 * @param {(action: string) => any} act what a button of the banner does;
	 *   may be async
	 */
	constructor(act) {
		this.#act = act;
	}

	/**
	 * @param {{ hasLocks: boolean }} options whether the table is protected
	 * @returns {void}
	 */
	settings({ hasLocks }) {
		this.element.classList.toggle('without-locks', !hasLocks);
	}

	/**
	 * Shows that the user may only read the row.
	 * @param {object|null} lock of the user who is editing it
	 * @returns {void}
	 */
	readOnly(lock) {
		const what = 'You may read this row, but not change it';
		if (!lock) return this.#drawLine({ tone: 'quiet', icon: 'info', status: what }, null);
		return this.#drawLine({ tone: 'theirs', icon: 'lock', status: `Locked by ${personName(lock)}. ${what}` }, null);
	}

	/**
	 * @param {import('../model/lock-view.js').View} view
	 * @param {object} state of the lock session
	 * @returns {void}
	 */
	show(view, state) {
		const endsAt = state.phase === 'held' ? state.endsAt : state.holder?.endsAt;
		this.#drawLine(view, state.trouble === 'signed_out' ? null : endsAt);
		this.#drawBanner(view, state);
	}

	#drawLine({ tone, icon: name, status, counts }, endsAt) {
		this.element.dataset.tone = tone;
		this.#line.replaceChildren(icon(name), h('span', { class: 'status' }, status), ...(endsAt ? [until(endsAt, counts)] : []));
	}

	// Replaced only if its content changes, so that neither the focus nor a
	// screen reader is disturbed.
	#drawBanner(view, state) {
		const key = JSON.stringify([view.tone, view.banner ?? null, state.holder?.acquired_at]);
		if (key === this.#drawn) return;
		this.#drawn = key;
		const old = this.#banner.firstElementChild;
		if (!view.banner) return this.#fade(old);
		const { title, text, actions, facts } = view.banner;
		const main = actions.find((action) => LABELS[action][1] === 'primary') ?? actions[0];
		const buttons = actions.map((action) => {
			const [words, usual] = LABELS[action];
			const kind = action === main ? 'primary' : usual;
			return button(words, () => this.#act(action), { kind: `small ${kind}` });
		});
		const hadFocus = old?.contains(document.activeElement);
		this.#banner.replaceChildren(
			h(
				'div',
				{ class: 'lock-says' },
				h(
					'div',
					{ class: 'words' },
					h('p', {}, h('strong', {}, title)),
					text.map((words) => h('p', {}, words)),
					facts && state.holder ? h('p', { class: 'quiet small' }, sinceAndNote(state.holder)) : null,
				),
				buttons.length ? h('div', { class: 'button-row' }, buttons) : null,
			),
		);
		if (hadFocus) this.#banner.querySelector('button')?.focus();
		return undefined;
	}

	#fade(old) {
		if (!old) return;
		const main = old.contains(document.activeElement) ? document.querySelector('main h1') : null;
		old.classList.add('leaving');
		setTimeout(() => old.remove(), FADE);
		main?.focus({ preventScroll: true });
	}
}

const sinceAndNote = ({ acquired_at: since, note }) =>
	[`Since ${moment(since)}, until the holder releases it or it expires`, note && `“${note}”`].filter(Boolean).join('. ');

// A countdown to the second only when it matters.
function until(endsAt, counts) {
	if (counts) return h('span', { class: 'until number' }, h('span', { class: 'counter' }, timeLeft(endsAt)), ' left');
	const wall = new Date(Date.now() + endsAt - performance.now());
	return h(
		'span',
		{ class: 'until number', title: 'Renewed automatically while you use the page' },
		`until ${moment(wall.toISOString())}`,
	);
}
