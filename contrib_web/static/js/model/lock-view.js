/**
 * Texts and actions of the edit page's lock bar for each state of the lock
 * session.
 */
import { actorName, personName } from './text.js';

/**
 * @typedef {object} View
 * @property {'quiet'|'mine'|'theirs'|'warn'|'expired'|'bad'} tone
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
 * @property {{ place: number }|null} asked the user's own request for the row
 * @property {{ actor: string, reason: string|null }|null} ended who ended the
 *   lock
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
	asked
		? [
				`You have requested this row${asked.place > 1 ? `; you are number ${asked.place} in the queue` : ''}. This page shows when it is free.`,
			]
		: [];

const views = {
	idle: ({ lockOn }) =>
		lockOn === 'never'
			? { tone: 'quiet', icon: 'unlock', status: 'Not protected: rows of this table are not locked' }
			: { tone: 'quiet', icon: 'unlock', status: 'Not locked yet: your first change locks it' },

	acquiring: () => ({ tone: 'quiet', icon: 'clock', status: 'Locking …' }),

	held: (state, { isDirty }) =>
		state.warned
			? {
					tone: 'warn',
					icon: 'clock',
					status: 'Your lock is about to end',
					counts: true,
					banner: {
						title: 'Your lock on this page is about to expire.',
						text: [
							isDirty
								? 'Do you wish to save the page? Editing further keeps the lock, too.'
								: 'Editing further keeps it. If you have finished, leave the page to free the row.',
						],
						actions: ['keep'],
					},
				}
			: { tone: 'mine', icon: 'editing', status: 'You are editing this row' },

	expired: (state, { isDirty }) => ({
		tone: 'expired',
		icon: 'unlock',
		status: 'Your lock has expired',
		banner: {
			title: 'Your lock on this page has expired.',
			text: [
				`${isDirty ? 'Your text is kept. ' : ''}Other users can edit the row now. If it is unchanged, you can continue. Otherwise this page shows the changes before anything is overwritten.`,
			],
			actions: ['keep'],
		},
	}),

	lost: (state, about) => ({
		tone: 'bad',
		icon: state.holder ? 'lock' : 'warn',
		status: state.holder && state.loss.cause !== 'moved' ? `Locked by ${personName(state.holder)}` : 'You have lost the lock',
		counts: Boolean(state.holder),
		banner: {
			title: lossTitle(state, about),
			text: [
				...lossReason(about),
				about.isDirty
					? 'Your text is kept here: compare it with the row as it is now, or copy it.'
					: 'You had not changed anything.',
				...queue(about),
			],
			actions: lossActions(state, about),
		},
	}),

	blocked: (state, about) => ({
		tone: 'theirs',
		icon: 'lock',
		status: `Locked by ${personName(state.holder)}`,
		counts: true,
		banner: {
			title: `This content is currently being edited by ${personName(state.holder)}.`,
			text: ['You can read it but not edit it.', ...queue(about), ...refused(state)],
			actions: withTakeOver([askOrWithdraw(about)], about),
			facts: true,
		},
	}),

	elsewhere: () => ({
		tone: 'theirs',
		icon: 'editing',
		status: 'You are editing this row in another tab',
		counts: true,
		banner: {
			title: 'You are editing this row in another tab or on another device.',
			text: ['Take control here? The other tab keeps its text, but can no longer save it.'],
			actions: ['control'],
		},
	}),

	free: (state, about) => ({
		tone: 'mine',
		icon: 'unlock',
		status: 'Free: this row is not being edited',
		banner: {
			title: 'The row is free now.',
			text: [
				'You see the row as it was last saved.',
				...(about.asked && about.asked.place > 1 ? ['Other users requested it before you.'] : []),
			],
			actions: ['again'],
		},
	}),

	refused: ({ refusal }) => ({
		tone: refusal.status === 404 ? 'bad' : 'theirs',
		icon: refusal.status === 404 ? 'warn' : 'info',
		status: refusal.status === 404 ? 'This row is gone' : 'You can read this row but not edit it',
		banner:
			refusal.status === 404
				? {
						title: 'This row was deleted, or you may no longer see it.',
						text: ['You can still copy your text.'],
						actions: ['compare', 'leave'],
					}
				: { title: 'You cannot lock this row.', text: [refusal.problem?.detail ?? 'You may not change it.'], actions: [] },
	}),

	left: () => ({ tone: 'quiet', icon: 'unlock', status: 'Released' }),
};

const refused = ({ refusal }) => (refusal?.problem?.detail ? [`That was refused: ${refusal.problem.detail}.`] : []);

function lossTitle({ loss, holder }, { ended }) {
	const by = ended?.actor ?? (holder && !holder.is_mine ? personName(holder) : null);
	if (loss.cause === 'moved' || holder?.is_mine) return 'You are editing this row in another tab now.';
	if (loss.cause === 'taken_over')
		return by ? `${by} ${by === 'You' ? 'have' : 'has'} taken over this row.` : 'Another user has taken over this row.';
	if (loss.cause === 'broken') return by ? `${by} ${by === 'You' ? 'have' : 'has'} removed your lock.` : 'Your lock was removed.';
	if (loss.cause === 'released') return 'Your lock was released, in another tab or in a list.';
	if (holder) return `Your lock has ended, and ${by} is editing this row now.`;
	if (loss.cause === 'changed') return 'Your lock has ended, and the row has been changed since.';
	return 'Your lock has ended, and another user may have changed the row since.';
}

const lossReason = ({ ended }) => (ended?.reason ? [`Reason: “${ended.reason}”.`] : []);

function lossActions({ holder }, about) {
	const first = about.isDirty ? ['compare'] : [];
	if (holder?.is_mine) return [...first, 'control'];
	return holder ? withTakeOver([...first, askOrWithdraw(about)], about) : [...first, 'again'];
}

const kept = 'What you typed is kept here.';

const troubles = {
	offline: ({ phase }) =>
		phase === 'acquiring' || phase === 'held' || phase === 'expired'
			? {
					tone: 'warn',
					icon: 'offline',
					status: phase === 'held' ? 'No connection; your lock is running out' : 'No connection',
					counts: phase === 'held',
					banner: {
						title: 'The server cannot be reached.',
						text: [`${kept} The page keeps trying, and renews your lock as soon as it can.`],
						actions: ['keep'],
					},
				}
			: {},
	busy: ({ phase }) =>
		phase === 'acquiring' || phase === 'held' || phase === 'expired'
			? {
					tone: 'warn',
					icon: 'offline',
					status: phase === 'held' ? 'The database does not respond; your lock is running out' : 'The database does not respond',
					counts: phase === 'held',
					banner: { title: 'The database is not available.', text: [`${kept} The page keeps trying.`], actions: ['keep'] },
				}
			: {},
	refused: ({ phase }) =>
		phase === 'held' || phase === 'expired'
			? {
					tone: 'warn',
					icon: 'clock',
					status: phase === 'held' ? 'Your lock is not renewed and is running out' : 'Your lock has expired',
					counts: phase === 'held',
					banner: {
						title: 'The server refuses to renew your lock.',
						text: [`${kept} You can save it while the lock lasts. The page keeps trying.`],
						actions: ['keep'],
					},
				}
			: {},
	signed_out: () => ({
		tone: 'bad',
		icon: 'warn',
		status: 'You are signed out',
		counts: false,
		banner: {
			title: 'You are signed out.',
			text: [`${kept} Sign in again, and the page checks whether the row is still yours before anything is saved.`],
			actions: ['signIn'],
		},
	}),
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
	status: `Locked by ${personName(parent)}, with ${label}`,
});

/** What of the session's state the lock bar shows. */
const SHOWN = ['phase', 'warned', 'trouble', 'endsAt', 'holder', 'loss', 'refusal'];

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
export const isUrgent = ({ phase, warned }) => ['lost', 'expired'].includes(phase) || warned;

/**
 * Finds out in the history who ended the user's lock, and why.
 * @param {object[]} events of the row, the latest first
 * @param {object} about
 * @param {string} about.cause `broken` or `taken_over`
 * @param {string} about.owner the user
 * @param {object|null} about.holder of the row now
 * @returns {{ actor: string, reason: string|null }|null}
 */
export function endOfLock(events, { cause, owner, holder }) {
	const end = events.find((each) => each.event === cause && each.owner === owner);
	if (!end) return null;
	const actor = end.actor === holder?.owner ? personName(holder) : actorName(end);
	return { actor: end.actor === owner ? 'You' : actor, reason: end.reason };
}

/**
 * The announcement for screen readers of a change of state.
 * @param {object} before
 * @param {object} after
 * @param {View} view of the state after
 * @returns {string|null} null: nothing to announce
 */
export function spoken(before, after, view) {
	if (before.phase === after.phase && before.warned === after.warned && before.trouble === after.trouble) return null;
	if (after.phase === 'acquiring' || after.phase === 'left') return null;
	return view.banner ? [view.banner.title, ...view.banner.text].join(' ') : view.status;
}
