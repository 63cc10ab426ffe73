/**
 * Texts and actions of the edit page's lock bar for each state of the lock
 * session.
 */
import { t } from '../lang/texts.js';
import { explain, reasonOf } from './problem.js';
import { moment, personName, several } from './text.js';

/**
 * @typedef {object} View
 * @property {'quiet'|'mine'|'free'|'theirs'|'warn'|'expired'|'bad'} tone
 * @property {string} icon
 * @property {string} status the line that is always shown
 * @property {boolean} [counts] whether a countdown follows the status
 * @property {object} [banner] missing: the status line is enough
 * @property {string} banner.title
 * @property {string[]} banner.text
 * @property {string[]} banner.actions keys of `LABELS` in parts/lock-bar.js
 * @property {boolean} [banner.facts] whether to show the holder's note
 */

/**
 * @typedef {object} About
 * @property {boolean} mayTakeOver
 * @property {boolean} isDirty whether the form has unsaved changes
 * @property {{ place: number, total: number }|null} asked the user's own
 *   request for the row
 * @property {string|null} [idleSince] since when the holder has not used the
 *   page
 */

/**
 * @param {object} state of lock-session.js
 * @param {About} about
 * @returns {View}
 */
export function lockView(state, about) {
	const view = views[state.phase](state, about);
	return state.trouble && troubles[state.trouble] ? { ...view, ...troubles[state.trouble](state, view) } : view;
}

const askOrWithdraw = ({ asked }) => (asked ? 'withdraw' : 'ask');
const withTakeOver = (actions, { mayTakeOver }) => (mayTakeOver ? [...actions, 'takeOver'] : actions);
const queue = ({ asked }) =>
	asked ? [asked.total > 1 ? t('queue.asked_place', { place: asked.place, total: asked.total }) : t('queue.asked')] : [];

const idle = ({ holder }, { idleSince, asked }) =>
	idleSince ? [t(asked ? 'holder.idle_asked' : 'holder.idle', { who: personName(holder), since: moment(idleSince) })] : [];

const views = {
	idle: ({ lockOn }) =>
		lockOn === 'never'
			? { tone: 'quiet', icon: 'unlock', status: t('lock.not_protected') }
			: { tone: 'quiet', icon: 'unlock', status: t('lock.not_yet') },

	acquiring: () => ({ tone: 'quiet', icon: 'clock', status: t('lock.locking') }),

	held: (state, { isDirty }) =>
		state.warned
			? {
					tone: 'warn',
					icon: 'clock',
					status: t('lock.about_to_end'),
					counts: true,
					banner: {
						title: t('lock.about_to_expire'),
						text: [t(isDirty ? 'lock.save_or_edit' : 'lock.edit_or_leave')],
						actions: ['keep'],
					},
				}
			: { tone: 'mine', icon: 'editing', status: t('lock.mine') },

	expired: (state, { isDirty }) => ({
		tone: 'expired',
		icon: 'unlock',
		status: t('lock.expired'),
		banner: {
			title: t('lock.expired.title'),
			text: [[isDirty && t('lock.text_kept'), t('lock.expired.text')].filter(Boolean).join(' ')],
			actions: ['keep'],
		},
	}),

	lost: (state, about) => ({
		...lossStatus(state),
		banner: {
			title: lossTitle(state),
			text: [
				...lossReason(state),
				textKept(state, about),
				...queue(about),
			],
			actions: lossActions(state, about),
		},
	}),

	blocked: (state, about) => ({
		tone: 'theirs',
		icon: 'lock',
		status: t('lock.by', { who: personName(state.holder) }),
		counts: true,
		banner: {
			title: t('lock.edited_by', { who: personName(state.holder) }),
			text: [t('lock.read_only'), ...idle(state, about), ...queue(about), ...refused(state)],
			actions: withTakeOver([askOrWithdraw(about)], about),
			facts: true,
		},
	}),

	elsewhere: (state) => ({
		tone: 'theirs',
		icon: 'editing',
		status: t('lock.other_tab'),
		counts: true,
		banner: {
			title: t('lock.other_tab.title'),
			text: [t('lock.other_tab.text'), ...refused(state)],
			actions: ['control'],
		},
	}),

	free: (state, about) => ({
		tone: 'free',
		icon: 'unlock',
		status: t('lock.free'),
		banner: {
			title: t('lock.free.title'),
			text: [
				t('lock.free.text'),
				...(about.asked && about.asked.place > 1 ? [t('queue.before_you')] : []),
			],
			actions: ['again'],
		},
	}),

	refused: ({ refusal }) => ({
		tone: refusal.status === 404 ? 'bad' : 'theirs',
		icon: refusal.status === 404 ? 'warn' : 'info',
		status: t(refusal.status === 404 ? 'lock.gone' : 'lock.refused'),
		banner:
			refusal.status === 404
				? {
						title: t('lock.gone.title'),
						text: [t('lock.gone.text')],
						actions: ['compare', 'leave'],
					}
				: { title: t('lock.refused.title'), text: whyRefused(refusal), actions: [] },
	}),

	left: () => ({ tone: 'quiet', icon: 'unlock', status: t('lock.released') }),
};

function whyRefused({ status, problem }) {
	const { title, detail, advice } = explain(status, problem ?? {});
	return [`${title}.`, detail, advice].filter(Boolean);
}

function reasonsOf({ failure }) {
	if (!failure) return [];
	const { title, detail } = explain(failure.status, failure.problem);
	return [`${title}.`, detail].filter(Boolean);
}
const refused = ({ refusal }) => (refusal ? [t('lock.was_refused', { why: reasonOf(refusal) })] : []);

function textKept({ loss }, { isDirty }) {
	if (isDirty) return t('lost.text_kept');
	return t(loss.cause === 'given' ? 'lost.request_again' : 'lost.unchanged');
}

const nameOf = (holder) => (holder ? personName(holder) : t('person.another'));

function lossStatus({ holder, loss }) {
	if (!holder) return { tone: 'bad', icon: 'unlock', status: t('lock.free_now') };
	if (holder.is_mine) return { tone: 'bad', icon: 'warn', status: t('lost.lost'), counts: true };
	const tone = ['given', 'given_away'].includes(loss.cause) ? 'theirs' : 'bad';
	return { tone, icon: 'lock', status: t('lock.by', { who: personName(holder) }), counts: true };
}

const lossTitles = {
	taken_over: ({ by }) => (by?.isMe ? t('lost.moved') : by ? t('lost.taken_over', { who: by.name }) : t('lost.taken_over_by_another')),
	broken: ({ by }) => (by?.isMe ? t('lost.broken_by_you') : by ? t('lost.broken', { who: by.name }) : t('lost.broken_by_administrator')),
	released: () => t('lost.released'),
	handed_over: ({ by }, { holder }) => t('lost.handed_over', { who: holder?.owner === by.owner ? nameOf(holder) : by.name }),
	given: ({ by }, { holder }) => t('lost.given', { who: by?.name ?? nameOf(holder) }),
	given_away: ({ by }, { holder }) => t('lost.given_away', { who: by?.name ?? nameOf(holder) }),
	moved: () => t('lost.moved'),
	expired: expiryTitle,
	ended: ({ isChanged }) => t(isChanged ? 'lost.ended_changed' : 'lost.ended'),
};

/**
 * How the lock has expired.
 * @param {import('../../locking.js').Loss} loss
 * @param {{ holder: object|null }} state
 * @returns {string}
 */
export function expiryTitle({ since, isChanged }, { holder }) {
	const before = since.filter((name) => !holder || name !== personName(holder));
	if (holder) return t('lost.expired_held', { who: personName(holder) });
	if (before.length) return t('lost.expired_locked', { who: several(before) });
	return t(isChanged ? 'lost.expired_changed' : 'lost.expired');
}

function lossTitle(state) {
	const { loss, holder } = state;
	if (holder?.is_mine) return t('lost.other_tab');
	return lossTitles[loss.cause](loss, state);
}

/**
 * Why the lock was ended, and who locked the row since.
 * @param {{ loss: import('../../locking.js').Loss, holder: object|null }}
 *   state
 * @returns {string[]}
 */
export function lossReason({ loss, holder }) {
	const reason = loss.reason ? [t('lost.reason', { reason: loss.reason })] : [];
	if (!loss.isExplained) return reason;
	const others = loss.since.filter((name) => name !== loss.by?.name && !(holder && name === personName(holder)));
	return others.length && loss.cause !== 'expired' ? [...reason, t('lost.locked_after', { who: several(others) })] : reason;
}

function lossActions({ holder }, { isDirty, ...about }) {
	const compare = isDirty ? ['compare'] : [];
	if (holder?.is_mine) return [...compare, 'control'];
	if (holder) return withTakeOver([...compare, askOrWithdraw(about)], about);
	return isDirty ? ['saveAgain', 'again', 'compare'] : ['again'];
}

const andKept = (words) => `${t('trouble.kept')} ${words}`;

// Without a lock, or a wish for one, nothing is at stake.
const whileLocking = (view) => (state) => (['acquiring', 'held', 'expired'].includes(state.phase) ? view(state) : {});

const runningOut = ({ phase }, words) => ({
	status: phase === 'held' ? t('trouble.running_out', { what: words }) : words,
	counts: phase === 'held',
});

const troubles = {
	offline: whileLocking((state) => ({
		tone: 'warn',
		icon: 'offline',
		...runningOut(state, t('trouble.no_connection')),
		banner: {
			title: `${t('problem.offline')}.`,
			text: [...reasonsOf(state).slice(1), andKept(t('trouble.tries_to_renew'))],
			actions: ['keep'],
		},
	})),
	busy: whileLocking((state) => {
		const [title, ...details] = reasonsOf(state);
		return {
			tone: 'warn',
			icon: 'offline',
			...runningOut(state, title.replace(/\.$/, '')),
			banner: { title, text: [...details, andKept(t('trouble.tries'))], actions: ['keep'] },
		};
	}),
	refused: whileLocking((state) => ({
		tone: 'warn',
		icon: 'clock',
		status: t(state.phase === 'held' ? 'trouble.not_renewed_running_out' : 'lock.expired'),
		counts: state.phase === 'held',
		banner: {
			title: t('trouble.refused'),
			text: [...reasonsOf(state), andKept(t('trouble.save_while'))],
			actions: ['keep'],
		},
	})),
	// The panel for signing in says the rest.
	signed_out: whileLocking((state) => ({
		tone: 'bad',
		icon: 'warn',
		...runningOut(state, t('trouble.not_renewed')),
		banner: {
			title: `${t(state.phase === 'held' ? 'trouble.not_renewed' : 'trouble.not_locked')}.`,
			text: [t('trouble.signed_out')],
			actions: ['signIn'],
		},
	})),
};

/**
 * The view while another user holds the parent row: the user's own lock of
 * this row has no effect then.
 * @param {object} parent the parent row's lock
 * @param {string} label of the parent row
 * @returns {View}
 */
export const lockedWith = (parent, label) => ({
	tone: 'theirs',
	icon: 'lock',
	status: t('lock.by_with', { who: personName(parent), label }),
});

/** What of the session's state the lock bar shows. */
const SHOWN = ['phase', 'warned', 'trouble', 'failure', 'endsAt', 'holder', 'loss', 'refusal'];

/**
 * Whether two states differ in something that the lock bar shows.
 * @param {object} before
 * @param {object} after
 * @returns {boolean}
 */
export const looksDifferent = (before, after) => SHOWN.some((name) => before[name] !== after[name]);

/**
 * Whether a state needs the user's attention at once.
 * @param {object} state
 * @returns {boolean}
 */
export const isUrgent = ({ phase, warned, loss }) =>
	phase === 'expired' || warned || (phase === 'lost' && loss?.cause !== 'given');

/** Causes of a lost lock that are the user's own acts. */
const OWN_ACTS = ['given', 'moved'];

/**
 * Whether a user who does not see the page is to be notified: of a lock that
 * was lost by no act of the user's own, or of unsaved text whose lock is
 * about to end or has ended.
 * @param {object} state
 * @param {{ isDirty: boolean }} about
 * @returns {boolean}
 */
export const isUnforeseen = ({ phase, warned, loss }, { isDirty }) =>
	phase === 'lost' ? !OWN_ACTS.includes(loss.cause) && !loss.by?.isMe : isDirty && (warned || phase === 'expired');

/** Changes of these are announced. */
const SPOKEN = ['phase', 'warned', 'trouble'];

/**
 * The announcement for screen readers of a change of state.
 * @param {object} before
 * @param {object} after
 * @param {View} view of the state after
 * @returns {string|null} null: nothing to announce
 */
export function spoken(before, after, view) {
	if (SPOKEN.every((name) => before[name] === after[name]) && !(after.loss?.isExplained && !before.loss?.isExplained)) return null;
	if (after.loss && !after.loss.isExplained) return null; // how the lock ended follows
	if (after.phase === 'acquiring' || after.phase === 'left') return null;
	return view.banner ? [view.banner.title, ...view.banner.text].join(' ') : view.status;
}
