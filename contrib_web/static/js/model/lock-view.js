/**
 * What the edit page says about its lock, and what it offers: from the lock session's state
 * to words. No banner means that the status line is enough.
 */
import { duration, personName } from './text.js';

/**
 * @typedef {object} View
 * @property {'quiet'|'mine'|'theirs'|'warn'|'bad'} tone
 * @property {string} icon
 * @property {string} status the short line that is always there
 * @property {boolean} [counts] whether the status ends with a countdown
 * @property {{ title: string, text: string[], actions: string[] }} [banner]
 */

/**
 * @param {object} state of lock-session.js
 * @param {object} about
 * @param {number} about.secondsLeft
 * @param {boolean} about.mayTakeOver
 * @param {boolean} about.isDirty
 * @param {object|null} about.asked one's own request: { place }
 * @param {object|null} about.ended who ended the lock: { actor, reason }
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
				`You have asked for it${asked.place > 1 ? `; you are number ${asked.place} in the queue` : ''}. You are told here when it is free.`,
			]
		: [];

const views = {
	idle: ({ lockOn }) =>
		lockOn === 'never'
			? { tone: 'quiet', icon: 'unlock', status: 'Not protected: rows of this table are not locked' }
			: { tone: 'quiet', icon: 'unlock', status: 'Not locked yet: your first change locks it' },

	acquiring: () => ({ tone: 'quiet', icon: 'clock', status: 'Locking …' }),

	held: (state, { secondsLeft, isDirty }) =>
		state.warned
			? {
					tone: 'warn',
					icon: 'clock',
					status: 'Your lock is about to end',
					counts: true,
					banner: {
						title:
							secondsLeft < 60
								? 'Your lock on this page expires in less than a minute.'
								: `Your lock on this page expires in ${duration(secondsLeft)}.`,
						text: [
							isDirty
								? 'Do you wish to save the page? Going on with editing keeps the lock too.'
								: 'Go on with editing to keep it, or leave the row to others.',
						],
						actions: isDirty ? ['save', 'keep', 'leave'] : ['keep', 'leave'],
					},
				}
			: { tone: 'mine', icon: 'editing', status: 'You are editing this row' },

	expired: (state, { isDirty }) => ({
		tone: 'warn',
		icon: 'clock',
		status: 'Your lock has expired',
		banner: {
			title: 'Your lock on this page has expired.',
			text: [
				`${isDirty ? 'Your text is kept. ' : ''}Others may edit the row now. If nobody has, you simply go on; if somebody has, you are told before anything is overwritten.`,
			],
			actions: ['keep', 'leave'],
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
			text: ['Take control here? The other one keeps its text, but cannot save any more.'],
			actions: ['control'],
		},
	}),

	free: (state, about) => ({
		tone: 'mine',
		icon: 'unlock',
		status: 'Free: nobody is editing this row',
		banner: {
			title: 'The row is free now.',
			text: [
				'What you see is what was saved last.',
				...(about.asked && about.asked.place > 1 ? ['Others asked for it before you.'] : []),
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
						title: 'This row was deleted, or you may not see it any more.',
						text: ['What you typed can still be copied.'],
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
		return by ? `${by} ${by === 'You' ? 'have' : 'has'} taken over this row.` : 'Somebody has taken over this row.';
	if (loss.cause === 'broken') return by ? `${by} ${by === 'You' ? 'have' : 'has'} removed your lock.` : 'Your lock was removed.';
	if (loss.cause === 'released') return 'Your lock was released, in another tab or in a list.';
	if (holder) return `Your lock has ended, and ${by} is editing this row now.`;
	if (loss.cause === 'changed') return 'Your lock has ended, and the row was changed meanwhile.';
	return 'Your lock has ended, and somebody may have changed the row since.';
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
						text: [`${kept} The page goes on trying, and renews your lock as soon as it can.`],
						actions: ['keep'],
					},
				}
			: {},
	busy: ({ phase }) =>
		phase === 'acquiring' || phase === 'held' || phase === 'expired'
			? {
					tone: 'warn',
					icon: 'offline',
					status: phase === 'held' ? 'The database does not answer; your lock is running out' : 'The database does not answer',
					counts: phase === 'held',
					banner: { title: 'The database is not available.', text: [`${kept} The page goes on trying.`], actions: ['keep'] },
				}
			: {},
	signed_out: () => ({
		tone: 'bad',
		icon: 'warn',
		status: 'You are signed out',
		counts: false,
		banner: {
			title: 'You are signed out.',
			text: [`${kept} Sign in again: then the page finds out whether the row is still yours, before anything is saved.`],
			actions: ['signIn'],
		},
	}),
};

/** What a screen reader is told when the state changes; null: nothing. */
export function spoken(before, after, view) {
	if (before.phase === after.phase && before.warned === after.warned && before.trouble === after.trouble) return null;
	if (after.phase === 'acquiring' || after.phase === 'left') return null;
	return view.banner ? [view.banner.title, ...view.banner.text].join(' ') : view.status;
}
