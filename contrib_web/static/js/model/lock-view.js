/**
 * Texts and actions of the edit page's lock bar for each state of the lock
 * session.
 */
import { explain } from './problem.js';
import { moment, personName, several } from './text.js';

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
	asked
		? [
				`You have requested this row${asked.total > 1 ? `; you are number ${asked.place} of ${asked.total} in the queue` : ''}. The form unlocks by itself when it is your turn.`,
			]
		: [];

const idle = ({ holder }, { idleSince, asked }) =>
	idleSince
		? [
				`${personName(holder)} has not used the page since ${moment(idleSince)}. ${
					asked ? 'You get the row in two minutes at most' : 'If you request the row, you get it in two minutes'
				}, unless ${personName(holder)} returns.`,
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
		status: `Locked by ${personName(state.holder)}`,
		counts: true,
		banner: {
			title: `This content is currently being edited by ${personName(state.holder)}.`,
			text: ['You can read it but not edit it.', ...idle(state, about), ...queue(about), ...refused(state)],
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
				: { title: 'You cannot lock this row.', text: whyRefused(refusal), actions: [] },
	}),

	left: () => ({ tone: 'quiet', icon: 'unlock', status: 'Released' }),
};

function whyRefused({ status, problem }) {
	const { title, detail, advice } = explain(status, problem ?? {});
	return [`${title}.`, detail, advice].filter(Boolean);
}

const refusalOf = ({ failure }) => (failure ? explain(failure.status, failure.problem).detail : '');
const refused = ({ refusal }) => (refusal?.problem?.detail ? [`That was refused: ${refusal.problem.detail}.`] : []);

function textKept({ loss }, { isDirty }) {
	if (isDirty) return 'Your text is kept here: compare it with the row as it is now, or copy it.';
	return loss.cause === 'given' ? 'Request it again to go on.' : 'You had not changed anything.';
}

const nameOf = (holder) => (holder ? personName(holder) : 'another user');

function lossStatus({ holder, loss }) {
	if (!holder) return { tone: 'bad', icon: 'unlock', status: 'Free now' };
	if (holder.is_mine) return { tone: 'bad', icon: 'warn', status: 'You have lost the lock', counts: true };
	const tone = ['given', 'given_away'].includes(loss.cause) ? 'theirs' : 'bad';
	return { tone, icon: 'lock', status: `Locked by ${personName(holder)}`, counts: true };
}

const lossTitles = {
	taken_over: ({ by }) => (by?.isMe ? 'You have continued in another tab.' : `${by?.name ?? 'Another user'} has taken over this row.`),
	broken: ({ by }) => `${by?.isMe ? 'You have' : `${by?.name ?? 'An administrator'} has`} removed your lock.`,
	released: () => 'Your lock was released, in another tab or in a list.',
	handed_over: ({ by }) => `Your lock was released, and the row handed over to ${by.name}.`,
	given: ({ by }, { holder }) => `You have handed this row over to ${by?.name ?? nameOf(holder)}.`,
	given_away: ({ by }, { holder }) =>
		`You did not use this page, so the row was handed over to ${by?.name ?? nameOf(holder)}, who had requested it.`,
	moved: () => 'You have continued in another tab.',
	expired: expiryTitle,
	ended: ({ isChanged }) => (isChanged ? 'Your lock has ended, and the row has been changed since.' : 'Your lock has ended.'),
};

function expiryTitle({ since, isChanged }, { holder }) {
	const before = since.filter((name) => !holder || name !== personName(holder));
	if (holder) return `Your lock has expired, and ${personName(holder)} is editing this row now.`;
	if (before.length) return `Your lock has expired, and ${several(before)} locked the row after you.`;
	return isChanged ? 'Your lock has expired, and the row was changed since.' : 'Your lock has expired.';
}

function lossTitle(state) {
	const { loss, holder } = state;
	if (holder?.is_mine) return 'You are editing this row in another tab now.';
	return lossTitles[loss.cause](loss, state);
}

function lossReason({ loss, holder }) {
	const reason = loss.reason ? [`Reason: “${loss.reason}”.`] : [];
	if (!loss.isExplained) return reason;
	const others = loss.since.filter((name) => name !== loss.by?.name && !(holder && name === personName(holder)));
	return others.length && loss.cause !== 'expired' ? [...reason, `${several(others)} locked the row after that.`] : reason;
}

function lossActions({ holder }, { isDirty, ...about }) {
	const compare = isDirty ? ['compare'] : [];
	if (holder?.is_mine) return [...compare, 'control'];
	if (holder) return withTakeOver([...compare, askOrWithdraw(about)], about);
	return isDirty ? ['saveAgain', 'again', 'compare'] : ['again'];
}

const kept = 'What you typed is kept here.';

// Without a lock, or a wish for one, nothing is at stake.
const whileLocking = (view) => (state) => (['acquiring', 'held', 'expired'].includes(state.phase) ? view(state) : {});

const runningOut = ({ phase }, words) => ({
	status: phase === 'held' ? `${words}; your lock is running out` : words,
	counts: phase === 'held',
});

const troubles = {
	offline: whileLocking((state) => ({
		tone: 'warn',
		icon: 'offline',
		...runningOut(state, 'No connection'),
		banner: {
			title: 'The server cannot be reached.',
			text: [`${kept} The page keeps trying, and renews your lock as soon as it can.`],
			actions: ['keep'],
		},
	})),
	busy: whileLocking((state) => {
		const { title } = explain(state.failure.status, state.failure.problem);
		return {
			tone: 'warn',
			icon: 'offline',
			...runningOut(state, title),
			banner: { title: `${title}.`, text: [`${kept} The page keeps trying.`], actions: ['keep'] },
		};
	}),
	refused: whileLocking((state) => ({
		tone: 'warn',
		icon: 'clock',
		status: state.phase === 'held' ? 'Your lock is not renewed and is running out' : 'Your lock has expired',
		counts: state.phase === 'held',
		banner: {
			title: 'The server refuses to renew your lock.',
			text: [refusalOf(state), `${kept} You can save it while the lock lasts. The page keeps trying.`].filter(Boolean),
			actions: ['keep'],
		},
	})),
	// The panel for signing in says the rest.
	signed_out: whileLocking((state) => ({
		tone: 'bad',
		icon: 'warn',
		...runningOut(state, 'Not renewed'),
		banner: {
			title: state.phase === 'held' ? 'Not renewed.' : 'Not locked.',
			text: ['After you have signed in, the page checks whether the row is still yours before anything is saved.'],
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
	status: `Locked by ${personName(parent)}, with ${label}`,
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
