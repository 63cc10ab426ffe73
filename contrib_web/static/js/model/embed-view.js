/**
 * What <locking-form> says about its row, in one notice: pure, from the state
 * of the lock and what goes with it. Of several things to say, the notice has
 * the one that prevents editing, else the one that needs an answer.
 */
import { duration, moment, personName, several } from './text.js';

/**
 * @typedef {object} Notice
 * @property {'quiet'|'mine'|'theirs'|'info'|'warn'|'bad'} tone
 * @property {string} title
 * @property {string} [text]
 * @property {[string, string][]} actions name and label of each button
 */

/**
 * @typedef {object} View
 * @property {import('../../locking.js').State} state
 * @property {boolean} isStarted whether there is a session
 * @property {import('../client/fault.js').Fault|null} fault
 * @property {string|null} reason why the session is refused
 * @property {string} host of locking-web
 * @property {number} secondsLeft until the lock ends, this page's or the
 *   holder's
 * @property {object[]} requests for the row
 * @property {object[]} people other users who have the row open
 * @property {{ saved_at: string }|null} draft that is offered
 * @property {boolean} isStale whether another user may have saved since the
 *   form was read
 * @property {boolean} isDirty whether the form has unsaved input
 * @property {boolean} mayTakeOver
 * @property {{ message: string|null }|null} declined the holder's answer to
 *   this user's request
 */

const KEPT = 'Your text is still here to be copied';
const TAKE_OVER = ['takeOver', 'Take over'];
const TRY_AGAIN = ['start', 'Try again'];
const SIGN_IN = ['signIn', 'Sign in'];

/** Why the page cannot lock, by fault. */
const faults = {
	signedout: () => ({ title: 'You are signed out.', text: 'Sign in to edit. This page goes on by itself.', actions: [SIGN_IN] }),
	othersite: ({ host }) => ({
		title: 'This page cannot lock its row.',
		text: `Browsers do not sign in to ${host} from pages of another site.`,
		actions: [],
	}),
	wrongorigin: ({ host }) => ({ title: 'This page cannot lock its row.', text: `${host} does not allow pages of this address.`, actions: [] }),
	refused: ({ reason }) => ({ title: 'This page cannot lock its row.', text: reason ?? '', actions: [TRY_AGAIN] }),
	unanswered: ({ host }) => ({ title: `${host} does not answer.`, text: 'You can edit as soon as it does.', actions: [TRY_AGAIN] }),
};

/** How the lock was lost, by cause; `who` may be empty. */
const losses = {
	taken_over: (who) => `${who || 'Another user'} has taken over.`,
	broken: () => 'Your lock was removed.',
	released: () => 'You have unlocked this in another tab.',
	handed_over: (who) => `You have handed over${who ? ` to ${who}` : ''}.`,
	given: (who) => `You have handed over${who ? ` to ${who}` : ''}.`,
	given_away: (who) => `Handed over${who ? ` to ${who}` : ''}, since you were away.`,
	changed: () => 'Another user has saved meanwhile.',
	moved: () => 'You are editing this in another tab.',
};

const time = (seconds) => (seconds > 0 ? `for another ${duration(seconds)}, unless it is renewed` : 'until it is released');

/** What can be done about a lock of another user. */
function others({ requests, mayTakeOver }) {
	const own = requests.find((request) => request.is_mine);
	return [own ? ['withdraw', 'Withdraw request'] : ['ask', 'Ask for it'], ...(mayTakeOver ? [TAKE_OVER] : [])];
}

function place({ requests, declined }) {
	const own = requests.find((request) => request.is_mine);
	if (own) return own.place > 1 ? `You are number ${own.place} in the queue.` : 'You are next.';
	if (!declined) return '';
	return declined.message ? `Your request was declined: “${declined.message}”` : 'Your request was declined.';
}

const sentences = (...parts) => parts.filter(Boolean).join(' ');

/** The notice of a page that does not hold the lock, by phase. */
const phases = {
	acquiring: ({ state }) => (state.changedAt === null ? { tone: 'quiet', title: 'Locking…', actions: [] } : null),
	expired: () => ({
		tone: 'warn',
		title: 'Your lock has ended.',
		text: 'It goes on when you do, unless another user has locked the row.',
		actions: [['use', 'Keep editing']],
	}),
	lost(view) {
		const { state, isDirty } = view;
		const who = state.holder && !state.holder.is_mine ? personName(state.holder) : '';
		const title = losses[state.loss?.cause]?.(who) ?? 'Your lock has ended.';
		const text = sentences(isDirty && `${KEPT}, and kept as a draft.`, who && place(view));
		if (state.loss?.cause === 'moved') return { tone: 'bad', title, text, actions: [['control', 'Edit here']] };
		return { tone: 'bad', title, text, actions: who ? others(view) : [['again', 'Lock again']] };
	},
	blocked(view) {
		const { holder } = view.state;
		const note = holder.note && `“${holder.note}”`;
		return {
			tone: 'theirs',
			title: `${personName(holder)} is editing this`,
			text: sentences(`${time(view.secondsLeft)}.`, note, place(view)),
			actions: others(view),
		};
	},
	elsewhere: () => ({ tone: 'theirs', title: 'You are editing this in another tab.', actions: [['control', 'Edit here']] }),
	free: () => ({ tone: 'info', title: 'It is free now.', actions: [['again', 'Edit']] }),
	refused: ({ state }) => ({
		tone: 'bad',
		title: 'This row cannot be locked.',
		text: state.refusal?.problem?.detail ?? '',
		actions: [['again', 'Try again']],
	}),
};

const troubles = {
	offline: (left) => `No connection. Your lock lasts another ${left}.`,
	busy: (left) => `The server does not answer. Your lock lasts another ${left}.`,
	refused: (left) => `Your lock is not renewed. It lasts another ${left}.`,
};

function besides({ people }) {
	if (!people.length) return '';
	return `${several(people.map(personName))} ${people.length === 1 ? 'has' : 'have'} it open, too.`;
}

/** The notice of the page that holds the lock. */
function held(view) {
	const { state, secondsLeft, requests, draft, isStale } = view;
	const asker = requests.find((request) => !request.is_mine);
	if (state.trouble === 'signed_out')
		return { tone: 'warn', title: 'You are signed out.', text: `Your lock lasts another ${duration(secondsLeft)}.`, actions: [SIGN_IN] };
	if (isStale)
		return {
			tone: 'warn',
			title: 'Another user may have saved meanwhile.',
			text: 'Reload the page before you edit. Unsaved text stays as a draft.',
			actions: [['reload', 'Reload'], ['keepForm', 'Edit what is shown']],
		};
	if (asker)
		return {
			tone: 'info',
			title: `${personName(asker)} asks for this row.`,
			text: sentences(asker.message && `“${asker.message}”`, 'Saving hands it over, too.'),
			actions: [['handOver', 'Hand over'], ['decline', 'Not now']],
		};
	if (state.trouble) return { tone: 'warn', title: troubles[state.trouble](duration(secondsLeft)), actions: [] };
	if (state.warned)
		return { tone: 'warn', title: `Your lock ends in ${duration(secondsLeft)}.`, actions: [['use', 'Keep editing']] };
	if (draft)
		return {
			tone: 'info',
			title: `You have unsaved text from ${moment(draft.saved_at)}.`,
			actions: [['restore', 'Restore'], ['discard', 'Discard']],
		};
	return { tone: 'mine', title: 'Only you can edit this now.', text: besides(view), actions: [] };
}

/**
 * @param {View} view
 * @returns {Notice|null} null: nothing to say
 */
export function noticeOf(view) {
	const { state, fault, isStarted } = view;
	if (fault) return { tone: 'bad', ...faults[fault](view) };
	if (!isStarted) return { tone: 'quiet', title: 'Locking…', actions: [] };
	if (state.phase === 'held') return held(view);
	return phases[state.phase]?.(view) ?? null;
}

/**
 * Whether the notice changes with time.
 * @param {View} view
 * @returns {boolean}
 */
export const isTimed = ({ state }) => state.phase === 'blocked' || (state.phase === 'held' && (state.warned || state.trouble !== null));
