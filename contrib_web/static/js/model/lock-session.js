/**
 * The life of a row's lock from the viewpoint of the page that edits the row:
 * a pure state machine without clock, network or document.
 *
 *   step(state, event, now) -> { state, actions }
 *
 * `now` is in milliseconds of a monotonic clock (performance.now()). Of the
 * server's clock only `seconds_left` is used, counted from the moment the
 * request was sent, so for the page a lock never ends later than for the
 * server.
 *
 * Phases:
 *   idle       not requested yet (locks on the first change)
 *   acquiring  waiting for the response
 *   held       the page holds the lock
 *   expired    it expired; the next use of the page tries to resume it
 *   lost       it ended otherwise, or the row was changed; the text is kept
 *   blocked    another user holds it
 *   elsewhere  the user holds it in another tab or on another device
 *   free       another user held it; it is unlocked now
 *   refused    the user cannot lock it; `refusal` has the reason
 *   left       released, or about to be
 *
 * Actions for the driver, which answers each with an event:
 *   { do: 'acquire' }                   -> granted | held | failed
 *   { do: 'takeOver', reason }          -> granted | held | failed
 *   { do: 'control' }                   -> granted | held | failed
 *   { do: 'renew', token }              -> renewed | failed
 *   { do: 'draft', token }              -> drafted | failed
 *   { do: 'lastDraft', beacon }         no event
 *   { do: 'look' }                      -> looked | failed
 *   { do: 'explain', token }            -> explained | failed
 *   { do: 'handOver', token }           -> handedOver | failed
 *   { do: 'release', token, beacon }    no event; token null: the lock that
 *                                       the page was about to get
 *   { do: 'reread' }                    no event: the page reads the row
 *
 * Events: open, change, use, hide, show, tick, wake, news, again, takeOver,
 * control, wanted, want, saved, refusedSave, unprotected, redraft, leave,
 * restore, and those above.
 *
 * A visible page keeps its lock even if its user only reads, and so does a
 * hidden one with unsaved input, until it has not been used for `idleLimit`.
 * Any other hidden page lets its lock expire. If another user requests the
 * row, a page that is not used for PATIENCE hands it over.
 *
 * Renewals and drafts are independent of each other: each has its own
 * request, and neither waits for the other or fails with it. A draft is sent
 * in every phase: what was typed just before the lock was lost is kept too.
 * The lock is lost only if the server says so (isLost()). How it ended is
 * read afterwards, by its token (`explain`): what the stream tells may be
 * about another lock of the row.
 */

import { isSessionGone } from './outcome.js';

/**
 * Delay before a change is sent as a draft, in milliseconds; so while the
 * user types, there is one request in this time.
 */
export const DRAFT_DELAY = 1000;
/** Delay before a draft that was refused is tried again, in milliseconds. */
export const REFUSED_DELAY = 30000;
/**
 * How long a request waits for a holder who does not use the page, in
 * milliseconds, and how long before its end that is announced.
 */
export const PATIENCE = 120_000;
export const ANNOUNCED = 60_000;
/** Delay before another attempt to lock a row reserved for others. */
const TURN_RETRY = 10_000;
/** Events of a new lock, such as the page's own. */
const BEGINS = ['acquired', 'resumed'];
/** How late the release by the previous page can be, in milliseconds. */
const OVERTAKEN = 10_000;
/** Delays before a failed request is repeated, in milliseconds. */
const RETRY_FIRST = 2000;
const RETRY_MAX = 15000;

/**
 * The state before the row is opened.
 * @param {object} options
 * @param {'open'|'change'|'never'} [options.lockOn] when to lock
 * @param {string|null} [options.client] identifies the page's own locks
 * @param {number} [options.ttl] in seconds; the first response replaces it
 * @param {number} [options.warning] seconds without renewal until a warning
 * @param {number} [options.idleLimit] seconds for which a page that is
 *   visible, or has unsaved input, keeps the lock without being used
 * @returns {object} frozen
 */
export function initial({ lockOn = 'open', client = null, ttl = 120, warning = 60, idleLimit = 3600 } = {}) {
	return Object.freeze({
		phase: 'idle',
		lockOn,
		client,
		ttl: ttl * 1000,
		warning: warning * 1000,
		idleLimit: idleLimit * 1000,
		// whether the page keeps its lock without being used
		keeps: true,
		// since when others wait for the row, in the page's knowledge
		wantedAt: null,
		// whether the row is handed over unless the page is used
		isGiving: false,
		// whether this page has requested the row
		wants: false,
		// whether the request has just left the queue: perhaps it is the
		// page's turn
		mayBeTurn: false,
		// whether the lock is requested for the first change
		isFirstChange: false,
		token: null,
		renewedAt: 0,
		endsAt: 0,
		usedAt: -Infinity,
		warned: false,
		changedAt: null,
		lastChangeAt: null,
		draftPending: false,
		draftAt: null,
		draftRefusal: null,
		pending: null,
		lookAgain: false,
		mayBeHeld: false,
		trouble: null,
		failure: null,
		retryAt: null,
		retries: 0,
		holder: null,
		wasReleased: false,
		loss: null,
		refusal: null,
		resumed: false,
		inheritedAt: -Infinity,
	});
}

/**
 * When the next renewal is due while the page is used.
 * @param {object} state
 * @returns {number} milliseconds after the last one
 */
export const renewEvery = (state) => state.ttl / 3;

/**
 * When to warn. A short lock warns after half of its time.
 * @param {object} state
 * @returns {number} milliseconds after the last renewal
 */
export const warnAfter = (state) => (state.warning < state.ttl ? state.warning : state.ttl / 2);

/**
 * Whether the form may be edited, as it may while the first change waits for
 * its lock. After a loss it waits for the next lock.
 * @param {object} state
 * @returns {boolean}
 */
export const mayEdit = ({ phase, isFirstChange }) =>
	['idle', 'held', 'expired'].includes(phase) || (phase === 'acquiring' && isFirstChange);

/**
 * Time until the lock held, or else the holder's, ends.
 * @param {object} state
 * @param {number} now
 * @returns {number} milliseconds
 */
export function timeLeft(state, now) {
	const endsAt = state.phase === 'held' ? state.endsAt : state.holder?.endsAt;
	return endsAt === undefined ? 0 : Math.max(0, endsAt - now);
}

/**
 * When the next `tick` is due.
 * @param {object} state
 * @returns {number} by performance.now(); Infinity: none
 */
export const wakeAt = (state) => Math.min(nextCheck(state), nextDraft(state));

function nextCheck(state) {
	const { phase } = state;
	if (phase === 'held')
		return Math.min(state.endsAt, nextRenewal(state), nextWarning(state), nextAnnouncement(state), nextGivingAway(state));
	if (phase === 'blocked' || phase === 'elsewhere' || (phase === 'lost' && state.holder))
		return state.pending ? Infinity : (state.retryAt ?? state.holder.endsAt);
	return state.retryAt ?? Infinity;
}

/**
 * @param {object} state from initial() or an earlier step
 * @param {object} event `{ type, ... }`
 * @param {number} now
 * @returns {{ state: object, actions: object[] }}
 */
export function step(state, event, now) {
	const handler = handlers[event.type];
	if (!handler) throw new TypeError(`unknown event ${event.type}`);
	const [next, ...actions] = handler(state, event, now);
	return { state: next === state ? state : Object.freeze(next), actions };
}

const handlers = {
	// If the row was just read with another's lock, no request is needed.
	open(s, e) {
		if (s.phase !== 'idle' || s.lockOn === 'never') return [s];
		if (e.lock && !isOffered(e.lock) && !isOwn(s, e.lock)) return stopped(s, e);
		return s.lockOn === 'open' ? acquire(s) : [s];
	},

	change(s, e, now) {
		const marked = { ...s, changedAt: s.changedAt ?? now, lastChangeAt: now, usedAt: now, isGiving: false };
		if (s.phase === 'idle') return s.lockOn === 'never' ? [marked] : acquire(marked);
		return used(marked, now);
	},

	use: (s, e, now) => used({ ...s, usedAt: now, isGiving: false }, now),

	// A hidden page may never become visible again, so send the draft now.
	hide(s, { isUnsaved }) {
		const hidden = s.keeps === isUnsaved ? s : { ...s, keeps: isUnsaved };
		return nextDraft(s) < Infinity ? draft(hidden) : [hidden];
	},

	// The user has returned to the page, which may be late for its timers.
	show(s, e, now) {
		const seen = { ...s, keeps: true, usedAt: now, isGiving: false };
		return s.phase === 'expired' ? used(seen, now) : handlers.tick(seen, e, now);
	},

	// Whether others have requested the row.
	wanted(s, { on }, now) {
		if (on === (s.wantedAt !== null)) return [s];
		return [{ ...s, wantedAt: on ? now : null, isGiving: false }];
	},

	// Whether this page has requested the row: then it takes its turn. Whose
	// turn it is has left the queue.
	want(s, { on }) {
		if (!on && s.phase === 'acquiring') return [s];
		const wants = on && !['held', 'expired', 'left'].includes(s.phase);
		if (wants === s.wants) return [s];
		if (wants) return s.phase === 'free' && !s.pending ? acquire({ ...s, wants }) : [{ ...s, wants }];
		return requestGone({ ...s, wants, mayBeTurn: true });
	},

	// The draft has become another one, by the choice of the page.
	redraft: (s) => (nextDraft({ ...s, draftAt: null }) < Infinity ? draft(s) : [s]),

	tick(s, e, now) {
		if (s.phase === 'held') return tickHeld(s, now);
		if (now >= nextDraft(s)) return draft(s);
		if (s.pending) return [s];
		if (s.retryAt !== null && now >= s.retryAt) return retry(s);
		if (s.holder && ['blocked', 'elsewhere', 'lost'].includes(s.phase) && now >= s.holder.endsAt) return look(s);
		return [s];
	},

	// After sleep, offline time, the background or the sign-in dialog the
	// state may be outdated, so check it immediately. This is no use of the
	// page: a connection that comes and goes must not keep the row.
	wake(s) {
		const fresh = { ...s, trouble: null, failure: null, retryAt: null, retries: 0, draftAt: null };
		if (s.pending) return [{ ...fresh, lookAgain: true }];
		if (s.phase === 'held' || s.phase === 'expired') return renew(fresh);
		if (s.phase === 'acquiring') return acquire(fresh);
		const [next, ...actions] = s.holder || s.lookAgain || s.retryAt !== null || followsOthers(s) ? look({ ...fresh, lookAgain: false }) : [fresh];
		return s.loss && !s.loss.isExplained ? [next, ...actions, explain(s.loss.token)] : [next, ...actions];
	},

	// An event of this row's lock. Events can be late or missing, so this one
	// only triggers a check. Before the first change the row may become
	// another user's, and change.
	news(s, e) {
		if (['left', 'refused'].includes(s.phase) || (s.phase === 'idle' && !followsOthers(s))) return [s];
		const noted = { ...s, wasReleased: s.wasReleased || e.event === 'released' };
		if (s.phase === 'acquiring') return [{ ...noted, lookAgain: s.lookAgain || !BEGINS.includes(e.event), mayBeHeld: true }];
		return s.pending ? [{ ...noted, lookAgain: true }] : look(noted);
	},

	// The save that follows releases the lock.
	submitted: (s) => [{ ...s, inheritedAt: -Infinity }],

	again: (s) => acquire(s),
	control: (s) => request({ ...s, refusal: null }, 'control', {}),
	takeOver: (s, e) => request({ ...s, refusal: null }, 'takeOver', { reason: e.reason }),

	granted(s, e, now) {
		if (s.phase === 'left') return [s, { do: 'release', token: e.token, beacon: false }];
		const inheritedAt = e.outcome === 'renewed' ? now : -Infinity;
		return followUp({ ...held(s, e), mayBeHeld: false, inheritedAt, wasReleased: s.wasReleased }, { do: 'reread' });
	},

	held: (s, e) => (s.phase === 'left' ? [s] : followUp(...stopped(refusedLock(s), e))),

	handedOver(s, e) {
		if (s.phase === 'left') return [s];
		const cause = e.owner === null ? 'released' : e.isIdle ? 'given_away' : 'given';
		const by = e.owner === null ? null : Object.freeze({ name: e.name ?? e.owner, isMe: false });
		const [next, ...actions] = lose({ ...s, loss: null, holder: null }, { cause, by });
		const [looking, action] = look({ ...next, lookAgain: false });
		return [looking, ...actions, action];
	},

	renewed(s, e) {
		if (s.phase === 'left') return [s];
		const resumed = s.phase === 'expired';
		return followUp({ ...held(s, { ...e, token: s.token }), resumed });
	},

	drafted: (s, e) => [{ ...s, draftPending: false, draftAt: null, draftRefusal: null, changedAt: typedSince(s, e) }],

	looked(s, e, now) {
		if (s.phase === 'left' || s.pending !== 'look') return [s]; // another request has overtaken this one
		const next = { ...s, pending: null, trouble: null, failure: null, retryAt: null, retries: 0, mayBeTurn: s.mayBeTurn && s.lookAgain };
		if (!e.lock) return followUp(...unlocked(next, now));
		if (isOffered(e.lock) && s.token === null) return followUp(...unlocked(next, now, { isTurn: s.mayBeTurn }));
		if (e.lock.is_mine && e.lock.token === s.token && s.token !== null) return followUp(next);
		if (isLostGrant(s, e.lock)) return acquire(next);
		return followUp(...stopped(next, e));
	},

	// How the lock with the token ended, see lockEnding().
	explained(s, e, now) {
		if (s.phase !== 'lost' || s.loss.token !== e.token) return [s];
		// The news of a release can be missing.
		if (isInherited(s, now) && e.ending?.cause === 'released' && e.ending.by?.isMe && !s.holder && !s.pending) return inherit(s);
		const ending = e.ending && { ...e.ending, cause: e.ending.cause ?? unrecordedCause(s, now) };
		return [{ ...s, loss: Object.freeze({ ...s.loss, ...ending, ...known(s.loss, ending), isExplained: true }) }];
	},

	failed(s, e, now) {
		if (s.phase === 'left') return [s];
		if (e.of === 'explain') return isTemporary(e.status) ? [s] : handlers.explained(s, { token: e.token, ending: null }, now);
		if (e.of === 'draft') return draftFailed({ ...s, draftPending: false }, e, now);
		return s.pending === e.of ? followUp(...failed(refusedLock(s), e, now)) : [s];
	},

	// The answer to a save may come after the end of the lock.
	saved(s, e) {
		if (s.phase === 'left') return [s];
		if (e.released) return [{ ...s, phase: 'left', token: null, changedAt: null, pending: null, draftPending: false }];
		const next = { ...s, changedAt: typedSince(s, e) };
		if (s.lockOn === 'never') return [next];
		if (e.seconds_left === undefined) return acquire(next);
		return [{ ...held(next, { ...e, token: e.token ?? s.token }), pending: s.pending }];
	},

	// After status 423 or 409 of a save the lock held may no longer be valid.
	// It is if the save was refused for the lock of a row that a trigger
	// writes.
	refusedSave(s, e) {
		if (s.lockOn === 'never') return e.isProtected ? lockNow({ ...s, lockOn: 'open' }, e) : [s];
		if (s.token === null || (e.lock?.is_mine && e.lock.token === s.token)) return [s];
		const next = { ...s, pending: null };
		return followUp(...(e.lock ? stopped(next, e) : lose(next, { cause: 'ended', isChanged: true })));
	},

	// The page goes on without a lock. Others may have written the row.
	unprotected(s) {
		if (s.phase === 'left') return [s];
		const { client, idleLimit, changedAt, lastChangeAt, keeps, usedAt } = s;
		return [{ ...initial({ lockOn: 'never', client }), idleLimit, changedAt, lastChangeAt, keeps, usedAt }, { do: 'reread' }];
	},

	// Whether the last draft arrives is not known: a page that is restored
	// sends it again.
	leave(s, e) {
		if (s.phase === 'left') return [s];
		const next = { ...s, phase: 'left', token: null, pending: null, draftPending: false, retryAt: null };
		const beacon = e.beacon === true;
		const actions = [];
		if (s.changedAt !== null) actions.push({ do: 'lastDraft', beacon });
		if (s.token !== null || (beacon && isAboutToHold(s))) actions.push({ do: 'release', token: s.token, beacon });
		return [next, ...actions];
	},

	restore(s) {
		if (s.phase !== 'left') return [s];
		return s.lockOn === 'never' ? [{ ...s, phase: 'idle', trouble: null }] : acquire({ ...s, trouble: null });
	},
};

// A page that is closed cannot release what it is granted later.
const isAboutToHold = ({ client, pending }) => client !== null && ['acquire', 'control', 'takeOver'].includes(pending);

// Whether nothing was changed yet by a user who locks with the first change:
// until then the row can become another user's.
const followsOthers = ({ phase, lockOn }) => phase === 'idle' && lockOn === 'change';

// Whether a request that failed may succeed later.
const isTemporary = (status) => status === 0 || status === 429 || status >= 500;
// An event during the request for the lock that is not the page's own
const refusedLock = (s) => ({ ...s, pending: null, lookAgain: s.lookAgain || s.mayBeHeld, mayBeHeld: false });

// Whether the row was handed over to the user, who has not locked it yet.
const isOffered = (lock) => lock.is_mine && lock.handed_over;

const isOwn = ({ client }, lock) => lock.is_mine && client !== null && lock.client === client;
// Whether the page was granted the lock by an answer that got lost
const isLostGrant = (s, lock) => s.token === null && isOwn(s, lock);

// The time of the last change if it is later than the request.
const typedSince = ({ lastChangeAt }, { sentAt }) => (lastChangeAt > sentAt ? lastChangeAt : null);

// The table became protected after the page was opened.
const lockNow = (s, e) => (e.lock ? stopped(s, e) : acquire(s));

function tickHeld(s, now) {
	if (now >= s.endsAt) return lapsed(s, now);
	if (now >= nextRenewal(s)) return renew({ ...s, retryAt: null });
	if (now >= nextAnnouncement(s)) return [announced(s, now)];
	if (now >= nextGivingAway(s)) return request(s, 'handOver', { token: s.token });
	if (now >= nextWarning(s)) return [{ ...s, warned: true }];
	if (now >= nextDraft(s)) return draft(s);
	return [s];
}

// Browsers slow down the timers of hidden pages: the renewal may be late.
function lapsed(s, now) {
	const expired = { ...s, phase: 'expired', warned: false };
	return keepsAt(s, now) && !s.pending && !s.trouble ? renew(expired) : [expired];
}

function nextRenewal(s) {
	if (s.pending || s.trouble === 'signed_out') return Infinity;
	if (s.retryAt !== null) return s.retryAt;
	const due = s.renewedAt + renewEvery(s);
	return s.usedAt > s.renewedAt || keepsAt(s, due) ? due : Infinity;
}

const keepsAt = ({ keeps, usedAt, idleLimit }, time) => keeps && time < usedAt + idleLimit;

/**
 * When the row is handed over to those who requested it, unless the page is
 * used before.
 * @param {object} state
 * @returns {number} by performance.now(); Infinity: not
 */
export const givesAwayAt = ({ wantedAt, usedAt }) => (wantedAt === null ? Infinity : Math.max(wantedAt, usedAt) + PATIENCE);

// After sleep the announcement is late: the row then waits longer.
const announced = (s, now) => ({ ...s, isGiving: true, wantedAt: Math.max(s.wantedAt, now + ANNOUNCED - PATIENCE) });

const nextGivingAway = (s) => (s.pending || s.trouble ? Infinity : givesAwayAt(s));
const nextAnnouncement = (s) => (s.isGiving ? Infinity : givesAwayAt(s) - ANNOUNCED);

// A draft needs no lock.
function nextDraft(s) {
	if (s.phase === 'left' || s.changedAt === null || s.draftPending || s.trouble === 'signed_out') return Infinity;
	return s.draftAt ?? s.changedAt + DRAFT_DELAY;
}

const draft = (s) => [
	{ ...s, draftPending: true },
	{ do: 'draft', token: s.token },
];

const nextWarning = (s) => (s.warned ? Infinity : s.renewedAt + warnAfter(s));

// Use of the page during the warning, or after the end, extends the lock.
function used(s, now) {
	if (s.phase === 'held') return s.warned && !s.pending ? renew(s) : tickHeld(s, now);
	if (s.phase === 'expired' && !s.pending && !s.trouble) return renew(s);
	return [s];
}

const acquire = (s) => request({ ...s, phase: 'acquiring', isFirstChange: isFirstChange(s), wasReleased: false, refusal: null }, 'acquire', {});
const isFirstChange = (s) => (s.phase === 'acquiring' ? s.isFirstChange : s.phase === 'idle' && s.changedAt !== null);
const look = (s) => request({ ...s, retryAt: null }, 'look', {});
const renew = (s) => request(s, 'renew', { token: s.token });

function request(s, what, details) {
	return [
		{ ...s, pending: what, retryAt: null },
		{ do: what, ...details },
	];
}

function retry(s) {
	if (s.phase === 'acquiring' || (s.phase === 'free' && s.wants)) return acquire(s);
	return s.phase === 'expired' ? renew(s) : look(s);
}

function held(s, { token, seconds_left, sentAt, ttl, warning }) {
	return {
		...s,
		phase: 'held',
		wants: false,
		usedAt: Math.max(s.usedAt, s.phase === 'held' ? -Infinity : sentAt),
		token,
		ttl: (ttl ?? seconds_left) * 1000,
		warning: warning === undefined ? s.warning : warning * 1000,
		renewedAt: sentAt,
		endsAt: sentAt + seconds_left * 1000,
		warned: false,
		pending: null,
		trouble: null,
		failure: null,
		retryAt: null,
		retries: 0,
		holder: null,
		wasReleased: false,
		loss: null,
		resumed: false,
	};
}

// A response may miss events that happened while the request was under way.
function followUp(s, ...actions) {
	if (!s.lookAgain || s.pending || s.trouble || s.phase === 'refused') return [s, ...actions];
	const [next, action] = look({ ...s, lookAgain: false });
	return [next, ...actions, action];
}

// A lock that moves to another tab is released and acquired: this page may
// see it in between.
const MAY_MOVE = ['ended', 'released'];
const lossNow = ({ loss }, lock) => (lock.is_mine && MAY_MOVE.includes(loss?.cause) ? Object.freeze({ ...loss, cause: 'moved', by: null }) : loss);

// Another user holds the lock, or the user in another tab.
function stopped(s, { lock, sentAt }) {
	const holder = Object.freeze({ ...lock, endsAt: sentAt + lock.seconds_left * 1000 });
	if (s.token !== null || s.loss !== null) return lose({ ...s, holder, loss: lossNow(s, lock) }, { cause: lock.is_mine ? 'moved' : 'ended' });
	const phase = lock.is_mine ? 'elsewhere' : 'blocked';
	return [{ ...s, phase, holder, trouble: null, retryAt: null }];
}

// The queue, read apart from the lock, may be the first to tell that the row
// was handed over to this page.
const requestGone = (s) => {
	if (!['blocked', 'elsewhere', 'free', 'lost'].includes(s.phase)) return [{ ...s, mayBeTurn: false }];
	return s.pending ? [{ ...s, lookAgain: true }] : look(s);
};

// A page that requested the row takes its turn by itself.
function unlocked(s, now, { isTurn = false } = {}) {
	if ((s.wants || isTurn) && s.token === null) return acquire({ ...s, wants: true, holder: null, mayBeTurn: false });
	if (s.phase === 'expired') return [s];
	if (s.phase === 'held') return ended(s, { cause: 'ended' }, now);
	if (s.phase === 'lost') return [{ ...s, holder: null }];
	if (s.lockOn === 'change' && s.changedAt === null) return [{ ...s, phase: 'idle', holder: null }, { do: 'reread' }];
	return [{ ...s, phase: 'free', holder: null }, { do: 'reread' }];
}

// An inherited lock may have been released by the previous page, whose
// request the reload overtook. Any other end was intended.
const isInherited = (s, now) => now < s.inheritedAt + OVERTAKEN;
const inherit = (s) => acquire({ ...s, token: null, loss: null, inheritedAt: -Infinity });
const ended = (s, loss, now) => (s.wasReleased && isInherited(s, now) ? inherit(s) : lose(s, loss));

// The end of a lock that has expired may not be recorded yet. That of a lock
// whose row was deleted never is.
const unrecordedCause = (s, now) => (now < s.endsAt ? s.loss.cause : 'expired');

/** Causes that the page knows better than the history. */
const KNOWN = ['moved', 'given', 'given_away'];
const known = ({ cause, by }, ending) =>
	KNOWN.includes(cause) ? { cause, by: by ?? ending?.by ?? null, since: sinceOthers(ending) } : { cause: ending?.cause ?? cause };

// The history may name the new holder otherwise than the queue does.
const sinceOthers = (ending) => (ending?.since ?? []).filter((name) => name !== ending.by?.name);

function lose(s, loss) {
	const next = {
		...s,
		phase: 'lost',
		token: null,
		warned: false,
		trouble: null,
		failure: null,
		retryAt: null,
		loss: s.loss ?? Object.freeze({ by: null, reason: null, since: [], isChanged: false, isExplained: false, ...loss, token: s.token }),
	};
	return s.token === null ? [next] : [next, explain(s.token)];
}

const explain = (token) => ({ do: 'explain', token });

/**
 * Whether the server says that the lock is lost.
 * @param {{ status: number, problem: object }} answer
 * @returns {boolean}
 */
export const isLost = ({ status, problem }) =>
	status === 409 && (problem?.sqlstate === 'LK001' || /:lost$/.test(problem?.type ?? ''));

function failed(s, e, now) {
	const { of, status, problem, lock, sentAt } = e;
	if (isSessionGone(e)) return [{ ...signedOut(s, e), lookAgain: s.lookAgain || of === 'look' }];
	if (isTemporary(status)) return [troubled(s, e, now)];
	if (status === 404) return [{ ...s, phase: 'refused', token: null, refusal: { status, problem } }];
	if (of === 'renew') return renewalFailed(s, e, now);
	if (of === 'look') return [s];
	if (of === 'handOver') return [{ ...s, wantedAt: s.wantedAt === null ? null : now, isGiving: false }];
	if (lock) return of !== 'acquire' && isLostGrant(s, lock) ? acquire(s) : stopped(s, { lock, sentAt });
	if (status === 423 && s.wants)
		return [{ ...s, phase: s.loss ? 'lost' : 'free', holder: null, refusal: { status, problem }, retryAt: now + TURN_RETRY }];
	return [{ ...s, phase: phaseWithout(s), refusal: { status, problem } }];
}

// Of a page that is refused the lock
function phaseWithout({ loss, holder }) {
	if (loss) return 'lost';
	if (!holder) return 'refused';
	return holder.is_mine ? 'elsewhere' : 'blocked';
}

function renewalFailed(s, e, now) {
	if (isLost(e)) return e.lock ? stopped(s, e) : ended(s, { cause: 'ended', isChanged: true }, now);
	return [{ ...troubled(s, e, now), trouble: 'refused' }];
}

const checkLock = (s) => (s.pending ? [{ ...s, lookAgain: true }] : renew(s));

// Only an end of the session or of the lock concerns more than the draft.
function draftFailed(s, e, now) {
	const { status, problem } = e;
	if (isSessionGone(e)) return [signedOut(s, e)];
	if (isLost(e)) return e.token === s.token ? checkLock({ ...s, draftAt: now + RETRY_MAX }) : [s];
	if (isTemporary(status)) return [{ ...s, draftAt: now + RETRY_MAX }];
	return [{ ...s, draftAt: now + REFUSED_DELAY, draftRefusal: { status, problem } }];
}

const signedOut = (s, { status, problem }) => ({ ...s, trouble: 'signed_out', failure: Object.freeze({ status, problem }), retryAt: null });

function troubled(s, { status, problem }, now) {
	const wait = Math.min(RETRY_MAX, RETRY_FIRST * 2 ** s.retries);
	return {
		...s,
		trouble: status === 0 ? 'offline' : 'busy',
		failure: Object.freeze({ status, problem }),
		retryAt: now + wait,
		retries: s.retries + 1,
	};
}
