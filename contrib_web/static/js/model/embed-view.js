/**
 * What <locking-form> says about its row, in one notice: pure, from the state
 * of the lock and what goes with it. Of several things to say, the notice has
 * the one that prevents editing, else the one that needs an answer.
 */
import { t } from '../lang/texts.js';
import { expiryTitle, lossReason } from './lock-view.js';
import { isSessionGone } from './outcome.js';
import { explain } from './problem.js';
import { duration, moment, personName, quoted, several } from './text.js';

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
 * @property {object|null} reason why the session is refused: the problem
 *   document
 * @property {string} host of locking-web
 * @property {number} secondsLeft until the lock ends, this page's or the
 *   holder's
 * @property {object[]} requests for the row
 * @property {object[]} people other users who have the row open
 * @property {{ savedAt: number, origin: string, isEnded: boolean }|null}
 *   draft that is offered, see embed/form-drafts.js
 * @property {boolean} isStale whether another user may have saved since the
 *   form was read
 * @property {boolean} isDirty whether the form has unsaved input
 * @property {boolean} isDrafted whether the server has all of it as a draft
 * @property {{ status: number, problem: object }|null} problem why what the
 *   user wanted last was refused
 * @property {boolean} mayTakeOver
 * @property {{ message: string|null }|null} declined the holder's answer to
 *   this user's request
 */

const TAKE_OVER = ['takeOver', 'action.take_over'];
const TRY_AGAIN = ['start', 'action.try_again'];
const ASK_AGAIN = ['wake', 'action.try_again'];
const SIGN_IN = ['signIn', 'action.sign_in'];

/** Why the page cannot lock, by fault. The actions have keys of labels. */
const faults = {
	signedout: () => ({ title: t('form.signed_out'), text: t('form.sign_in'), actions: [SIGN_IN] }),
	othersite: ({ host }) => ({
		title: t('form.cannot_lock'),
		text: t('form.other_site', { host }),
		actions: [],
	}),
	wrongorigin: ({ host }) => ({ title: t('form.cannot_lock'), text: t('form.wrong_origin', { host }), actions: [] }),
	refused: ({ reason }) => ({ title: t('form.cannot_lock'), text: reason ? why({ status: reason.status, problem: reason }) : '', actions: [TRY_AGAIN] }),
	unanswered: ({ host, reason }) => ({
		...(reason?.status ? { title: t('form.cannot_lock'), text: why({ status: reason.status, problem: reason }) } : unanswered(host, reason)),
		actions: [TRY_AGAIN],
	}),
};

const unanswered = (host, reason) => ({
	title: t('form.unanswered', { host }),
	text: sentences(explain(0, reason).detail, t('form.unanswered.text')),
});

const handedOver = ({ by }) => (by ? t('form.handed_over_to', { who: by.name }) : t('form.handed_over'));

const removed = ({ by }) => (by ? t('lost.broken', { who: by.name }) : t('lost.broken_by_administrator'));

/** How the lock was lost, by cause. */
const losses = {
	taken_over: ({ by }) => (by ? t('form.taken_over', { who: by.name }) : t('form.taken_over_by_another')),
	broken: (loss) => (loss.by?.isMe ? t('lost.broken_by_you') : removed(loss)),
	released: () => t('lost.released'),
	handed_over: ({ by }, { holder }) => t('lost.handed_over', { who: holder?.owner === by.owner ? personName(holder) : by.name }),
	given: handedOver,
	given_away: ({ by }) => (by ? t('form.given_away_to', { who: by.name }) : t('form.given_away')),
	moved: () => t('lost.moved'),
	expired: expiryTitle,
	ended: ({ isChanged }) => t(isChanged ? 'lost.ended_changed' : 'lost.ended'),
};

function lossTitle({ loss, holder }) {
	if (holder?.is_mine) return t('form.other_tab');
	if (loss.cause === 'taken_over' && loss.by?.isMe) return t('lost.moved');
	return losses[loss.cause](loss, { holder });
}

// Who has the row now, unless the title has said so.
function present({ loss, holder, pending }) {
	if (!holder) return pending ? '' : t('form.free');
	const who = personName(holder);
	const isTold = holder.is_mine || holder.owner === loss.by?.owner || who === loss.by?.name || loss.cause === 'expired';
	return isTold ? '' : `${t('form.held', { who })}.`;
}

function textKept({ state, isDirty, isDrafted }) {
	if (!isDirty) return '';
	if (isDrafted) return t('form.kept');
	return t(state.draftRefusal ? 'form.not_kept' : 'form.still_here');
}

function lossActions(view) {
	const { holder, trouble } = view.state;
	if (trouble === 'signed_out') return [SIGN_IN];
	if (holder?.is_mine) return [['control', 'action.edit_here']];
	return holder ? others(view) : [['again', 'action.lock_again']];
}

const lasts = (seconds) => (seconds > 0 ? t('form.lasts', { time: duration(seconds) }) : t('form.lasts_until_released'));

/** What can be done about a lock of another user. */
function others({ requests, mayTakeOver }) {
	const own = requests.find((request) => request.is_mine);
	return [own ? ['withdraw', 'action.withdraw'] : ['ask', 'action.ask_for_it'], ...(mayTakeOver ? [TAKE_OVER] : [])];
}

function place({ requests, declined }) {
	const own = requests.find((request) => request.is_mine);
	if (own) return own.place > 1 ? t('form.place', { place: own.place }) : t('form.next');
	if (!declined) return '';
	return declined.message ? t('form.declined_because', { message: declined.message }) : t('form.declined');
}

const sentences = (...parts) => parts.filter(Boolean).join(' ');

function reasons({ status, problem }) {
	const { title, detail } = explain(status, problem);
	return isSessionGone({ status, problem }) ? [`${title}.`] : [`${title}.`, detail];
}
const why = (refused) => sentences(...reasons(refused));

// Of a takeover the state has the refusal, or why it failed.
function refusal({ state, problem }) {
	const refused = problem ?? ownRefusal(state) ?? (WITHOUT_LOCK.includes(state.phase) ? state.failure : null);
	return refused ? why(refused) : '';
}
const ownRefusal = ({ phase, refusal: refused }) => (['blocked', 'elsewhere', 'lost'].includes(phase) ? refused : null);
const WITHOUT_LOCK = ['blocked', 'elsewhere', 'free', 'lost'];

/** What a page says first whose requests about the lock fail, by phase. */
const troubleTitles = {
	held: ({ trouble }) => trouble === 'refused' && t('trouble.refused'),
	expired: () => t('lost.ended'),
};

function whatGoesOn({ phase, trouble }, secondsLeft) {
	if (phase === 'held') return t('form.left', { time: duration(secondsLeft) });
	return t(trouble === 'signed_out' ? 'form.sign_in' : 'trouble.tries');
}

/** The notice of such a page: why, and what becomes of the lock. */
function troubled({ state, secondsLeft }) {
	const { trouble, failure, phase } = state;
	const [title, ...text] = [troubleTitles[phase]?.(state), ...reasons(failure), whatGoesOn(state, secondsLeft)].filter(Boolean);
	return {
		tone: 'warn',
		title,
		text: sentences(...text),
		actions: trouble === 'signed_out' ? [SIGN_IN] : phase === 'held' ? [] : [ASK_AGAIN],
	};
}

/** The notice of a page that does not hold the lock, by phase. */
const phases = {
	acquiring: ({ state }) => (state.isFirstChange ? null : { tone: 'quiet', title: t('form.locking'), actions: [] }),
	expired: () => ({
		tone: 'warn',
		title: t('lost.ended'),
		text: t('form.expired'),
		actions: [['use', 'action.keep']],
	}),
	lost(view) {
		const { state } = view;
		const isTheirs = state.holder && !state.holder.is_mine;
		return {
			tone: 'bad',
			title: lossTitle(state),
			text: sentences(...lossReason(state), present(state), textKept(view), isTheirs && place(view)),
			actions: lossActions(view),
		};
	},
	blocked(view) {
		const { holder } = view.state;
		const note = holder.note && quoted(holder.note);
		const title = t('form.held', { who: personName(holder) });
		const queue = place(view);
		return {
			tone: 'theirs',
			title: queue ? `${title}.` : title,
			text: queue ? sentences(queue, note) : sentences(lasts(view.secondsLeft), note),
			actions: others(view),
		};
	},
	elsewhere: () => ({ tone: 'theirs', title: t('form.other_tab'), actions: [['control', 'action.edit_here']] }),
	free: () => ({ tone: 'info', title: t('form.free'), actions: [['again', 'action.edit']] }),
	refused: ({ state }) => ({
		tone: 'bad',
		title: t('form.refused'),
		text: why(state.refusal),
		actions: [['again', 'action.try_again']],
	}),
};

function besides({ people }) {
	if (!people.length) return '';
	return t('form.besides', { n: people.length, who: several(people.map(personName)) });
}

/** The requests of others. The buttons are for the first in the queue. */
function asked([first, ...rest]) {
	const words = (who, { message }) => sentences(who, message && quoted(message));
	const isOne = rest.length === 0;
	const who = personName(first);
	const others = rest.map((each) => words(personName(each), each));
	return {
		tone: 'info',
		title: isOne ? t('form.asks', { who }) : t('request.several', { n: rest.length + 1 }),
		text: sentences(
			words(isOne ? '' : t('form.first_asker', { who }), first),
			isOne ? '' : t('form.other_askers', { who: several(others) }),
			t('form.saving_hands_over'),
		),
		actions: [['handOver', 'action.hand_over'], ['decline', 'action.decline']],
	};
}

/** The draft of another page. */
function offered({ savedAt, origin, isEnded }) {
	const when = [moment(new Date(savedAt).toISOString()), origin].filter(Boolean).join(', ');
	return {
		tone: 'info',
		title: t(isEnded ? 'form.draft_ended' : 'form.draft', { when }),
		text: isEnded ? t('drafts.ended') : '',
		actions: [['restore', 'action.restore'], ['discard', 'action.discard']],
	};
}

/** The notice of the page that holds the lock. */
function held(view) {
	const { state, secondsLeft, requests, draft, isStale } = view;
	const askers = requests.filter((request) => !request.is_mine);
	if (state.trouble === 'signed_out') return troubled(view);
	if (isStale)
		return {
			tone: 'warn',
			title: t('form.stale'),
			text: t('form.stale.text'),
			actions: [['reload', 'action.reload'], ['keepForm', 'action.keep_form']],
		};
	if (askers.length) return asked(askers);
	if (state.trouble) return troubled(view);
	if (state.warned)
		return { tone: 'warn', title: t('form.ends_in', { time: duration(secondsLeft) }), actions: [['use', 'action.keep']] };
	if (state.draftRefusal) return { tone: 'warn', title: t('form.not_kept'), text: why(state.draftRefusal), actions: [] };
	if (draft) return offered(draft);
	return { tone: 'mine', title: t('form.mine'), text: besides(view), actions: [] };
}

// A page that needs an answer to go on. How a lock was lost is said first.
function isWaiting({ phase, trouble }) {
	if (trouble === 'signed_out') return phase !== 'lost';
	return trouble !== null && ['acquiring', 'expired'].includes(phase);
}

function unlabelled(view) {
	const { state, fault, isStarted } = view;
	if (fault) return { tone: 'bad', ...faults[fault](view) };
	if (!isStarted) return { tone: 'quiet', title: t('form.locking'), actions: [] };
	if (state.phase === 'held') return held(view);
	if (isWaiting(state)) return troubled(view);
	return phases[state.phase]?.(view) ?? null;
}

/**
 * @param {View} view
 * @returns {Notice|null} null: nothing to say
 */
export function noticeOf(view) {
	const notice = unlabelled(view);
	if (!notice) return null;
	const { title, text, actions } = notice;
	const more = refusal(view);
	const isTold = sentences(title, text).includes(more);
	return { ...notice, text: isTold ? text : sentences(text, more), actions: actions.map(([name, label]) => [name, t(label)]) };
}

/**
 * Whether the notice changes with time.
 * @param {View} view
 * @returns {boolean}
 */
export const isTimed = ({ state }) => state.phase === 'blocked' || (state.phase === 'held' && (state.warned || state.trouble !== null));
