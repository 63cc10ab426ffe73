// The lock session's state machine, without clock, network or document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOUNCED, DRAFT_DELAY, givesAwayAt, initial, mayEdit, PATIENCE, renewEvery, step, timeLeft, wakeAt, warnAfter } from '../../contrib_web/static/js/model/lock-session.js';
import { randomNumbers } from './lib/random.mjs';

const MINE = { owner: 'anna', is_mine: true, token: 7, client: 'tab-1', seconds_left: 60 };
/** Of the same user, in another tab */
const ELSEWHERE = { ...MINE, token: 8, client: 'tab-2' };
const THEIRS = { owner: 'bert', owner_name: 'Bert Brandt', is_mine: false, token: null, client: null, seconds_left: 30 };

const LOST = { problem: { type: 'urn:locking:problem:lost', sqlstate: 'LK001' } };
const CSRF = { problem: { type: 'urn:locking:problem:csrf' } };
const OTHER_USER = { problem: { type: 'urn:locking:problem:other-user' } };

/** A session with its own time, which records the last actions. */
class Session {
	constructor(options = {}) {
		// Kept only while the page is used, as that of a hidden page without
		// unsaved input.
		this.state = initial({ client: 'tab-1', ttl: 120, warning: 60, idleLimit: 0, ...options });
		this.now = 1000;
		this.actions = [];
	}

	/** Applies an event. */
	at(type, details = {}) {
		const { state, actions } = step(this.state, { type, ...details }, this.now);
		this.state = state;
		this.actions = actions;
		return this;
	}

	/** Lets time pass without an event. */
	after(milliseconds) {
		this.now += milliseconds;
		return this;
	}

	/** Lets time pass until the next tick is due, and ticks. */
	tick() {
		const at = wakeAt(this.state);
		assert.notEqual(at, Infinity, 'a tick is due');
		this.now = Math.max(this.now, at);
		return this.at('tick');
	}

	/** A response that grants the lock, to a request sent just now. */
	granted(details = {}) { return this.at('granted', { token: 7, seconds_left: 120, outcome: 'acquired', sentAt: this.now, ...details }); }
	drafted(details = {}) { return this.at('drafted', { sentAt: this.now, ...details }); }
	renewed(details = {}) { return this.at('renewed', { seconds_left: 120, sentAt: this.now, ...details }); }
	failed(of, status, details = {}) { return this.at('failed', { of, status, problem: {}, lock: null, sentAt: this.now, ...details }); }
	does(...expected) {
		assert.deepEqual(this.actions, expected);
		return this;
	}

	is(phase) {
		assert.equal(this.state.phase, phase);
		return this;
	}
}

const held = (options) => new Session(options).at('open').granted();
const typing = () => held().after(1000).at('change');
const expired = () => {
	const session = held();
	session.now = session.state.endsAt;
	return session.at('tick').is('expired');
};

test('opening locks, and then the row is read again', () => {
	const session = new Session().at('open').is('acquiring').does({ do: 'acquire' });
	assert.equal(mayEdit(session.state), false);
	session.granted().is('held').does({ do: 'reread' });
	assert.equal(mayEdit(session.state), true);
	assert.equal(session.state.token, 7);
});

test('an unprotected table is edited without a lock', () => {
	const session = new Session({ lockOn: 'never' }).at('open').is('idle').does().at('change').is('idle').does();
	assert.equal(mayEdit(session.state), true);
	assert.equal(wakeAt(session.tick().drafted().state), Infinity);
});

test('locking with the first change allows typing at once', () => {
	const session = new Session({ lockOn: 'change' }).at('open').is('idle').does();
	assert.equal(mayEdit(session.state), true);
	session.at('change').is('acquiring').does({ do: 'acquire' });
	assert.equal(mayEdit(session.state), true);
	session.granted().is('held');
});

test('only the first change opens the form before the lock is there', () => {
	const refusedDraft = { problem: { sqlstate: '22P05' } };
	const waiting = (session) => assert.equal(mayEdit(session.is('acquiring').state), false);
	const lost = typing().tick().failed('draft', 422, refusedDraft).at('news', { event: 'broken' }).at('looked', { lock: null }).is('lost');
	assert.notEqual(lost.state.changedAt, null, 'no draft has the text');
	waiting(lost.at('again'));
	waiting(lost.failed('acquire', 0));
	waiting(lost.tick().does({ do: 'acquire' }));
	assert.equal(mayEdit(lost.granted({ token: 8 }).state), true);
	const blocked = new Session({ lockOn: 'change' }).at('open').at('change').failed('acquire', 423, { lock: THEIRS }).is('blocked');
	waiting(blocked.at('news', { event: 'released' }).at('looked', { lock: null }).is('free').at('again'));
	waiting(new Session().at('open').at('change'));
	waiting(typing().at('leave', { beacon: true }).at('restore').at('change'));
	const first = new Session({ lockOn: 'change' }).at('open').at('change').failed('acquire', 0);
	first.tick().does({ do: 'draft', token: null }).drafted();
	assert.equal(mayEdit(first.tick().does({ do: 'acquire' }).is('acquiring').state), true, 'typing goes on without a connection');
	assert.equal(mayEdit(first.at('wake').at('change').is('acquiring').state), true);
});

test('before the first change the page follows the news of others', () => {
	const session = new Session({ lockOn: 'change' }).at('open').at('news', { event: 'acquired' }).is('idle').does({ do: 'look' });
	session.at('looked', { lock: THEIRS, sentAt: 1000 }).is('blocked').does();
	assert.equal(mayEdit(session.state), false);
	session.at('news', { event: 'released' }).at('looked', { lock: null }).is('idle').does({ do: 'reread' });
	assert.equal(mayEdit(session.state), true);
	session.at('news', { event: 'changed' }).at('looked', { lock: null }).is('idle').does({ do: 'reread' });
	session.at('wake').does({ do: 'look' }).at('change').is('acquiring').does({ do: 'acquire' });
	session.failed('look', 503).is('acquiring').does().at('looked', { lock: null }).is('acquiring').does();
	assert.equal(session.state.pending, 'acquire', 'the look was overtaken');
	session.granted().is('held');
	new Session({ lockOn: 'never' }).at('open').at('news', { event: 'reset' }).is('idle').does();
});

test('what was typed before the row became another user\'s is kept until it is free', () => {
	const session = new Session({ lockOn: 'change' }).at('open').at('change').failed('acquire', 423, { lock: THEIRS }).is('blocked');
	session.at('news', { event: 'released' }).at('looked', { lock: null }).is('free');
});

test('no request for a row that was just read as locked', () => {
	new Session().at('open', { lock: THEIRS, sentAt: 1000 }).is('blocked').does();
	new Session().at('open', { lock: ELSEWHERE, sentAt: 1000 }).is('elsewhere').does();
	new Session().at('open', { lock: MINE, sentAt: 1000 }).is('acquiring').does({ do: 'acquire' });
});

test('the time counts from the sending of the request, so never longer than the server\'s', () => {
	const session = new Session().at('open').after(5000).granted({ sentAt: 1000, seconds_left: 120 });
	assert.equal(session.state.endsAt, 1000 + 120_000);
	assert.equal(timeLeft(session.state, session.now), 115_000);
	assert.equal(timeLeft(session.state, 1_000_000), 0);
});

test('the lock is renewed while the page is used, and only then', () => {
	const idle = held();
	assert.equal(wakeAt(idle.state), idle.state.renewedAt + warnAfter(idle.state));
	const used = held().after(1000).at('use').does();
	assert.equal(wakeAt(used.state), used.state.renewedAt + renewEvery(used.state));
	used.tick().does({ do: 'renew', token: 7 });
	assert.ok(renewEvery(used.state) * 2 < 120_000, 'there is time to repeat a lost renewal');
});

test('a page that is seen keeps the lock, until it has not been used for long', () => {
	const session = held({ idleLimit: 3600 });
	for (let minutes = 0; minutes < 30; minutes++) session.tick().does({ do: 'renew', token: 7 }).renewed().is('held');
	assert.ok(session.now > 1000 + 19 * 60_000);
	session.at('use');
	const usedAt = session.now;
	while (wakeAt(session.state) - session.state.renewedAt === renewEvery(session.state)) session.tick().does({ do: 'renew', token: 7 }).renewed();
	assert.ok(session.now > usedAt + 3500_000 && session.now < usedAt + 3600_000);
	session.tick();
	assert.equal(session.state.warned, true);
	session.tick().is('expired').at('use').does({ do: 'renew', token: 7 });
});

test('a hidden page lets the lock expire, and resumes it when it is seen', () => {
	const session = held({ idleLimit: 3600 }).at('hide', { isUnsaved: false });
	session.tick();
	assert.equal(session.state.warned, true);
	session.at('show').does({ do: 'renew', token: 7 }).renewed().tick().does({ do: 'renew', token: 7 });
	const late = held({ idleLimit: 3600 }).at('hide', { isUnsaved: false });
	late.after(3_600_000).at('tick').is('expired').does();
	late.at('show').does({ do: 'renew', token: 7 }).renewed().is('held');
	assert.equal(late.state.resumed, true);
});

test('a hidden page with unsaved input keeps the lock as a visible one does', () => {
	const keeping = (session) => {
		const until = session.now + 3500_000;
		while (session.now < until) session.tick().does({ do: 'renew', token: 7 }).renewed().is('held');
		session.tick();
		if (session.state.pending) session.renewed().tick();
		return session.now;
	};
	const hidden = held({ idleLimit: 3600 }).at('hide', { isUnsaved: true });
	assert.equal(keeping(hidden), keeping(held({ idleLimit: 3600 })));
	assert.equal(hidden.state.warned, true);
	hidden.tick().is('expired').does();
	const wanted = held({ idleLimit: 3600 }).at('hide', { isUnsaved: true }).at('wanted', { on: true });
	while (wanted.actions[0]?.do !== 'handOver') (wanted.state.pending ? wanted.renewed() : wanted).tick();
	assert.equal(wanted.now, 1000 + PATIENCE);
});

test('a tick that comes too late resumes the lock at once, if the page keeps it', () => {
	const late = (details) => held({ idleLimit: 3600 }).at('hide', details).after(200_000).at('tick').is('expired');
	late({ isUnsaved: true }).does({ do: 'renew', token: 7 }).renewed().is('held');
	late({ isUnsaved: true }).failed('renew', 409, LOST).is('lost');
	late({ isUnsaved: false }).does();
	const offline = held({ idleLimit: 3600 }).tick().failed('renew', 0).after(200_000).at('tick').is('expired').does();
	offline.tick().does({ do: 'renew', token: 7 });
});

test('a request waits for a holder who uses the page, and is announced and granted otherwise', () => {
	const session = held({ idleLimit: 3600 }).at('wanted', { on: true });
	for (let minutes = 0; minutes < 10; minutes++) {
		session.after(60_000).at('use');
		if (session.state.pending) session.renewed();
		assert.equal(givesAwayAt(session.state), session.now + PATIENCE);
		assert.equal(session.state.isGiving, false);
	}
	const until = (type) => {
		while (session.actions[0]?.do !== type && !(type === 'announce' && session.state.isGiving)) {
			if (session.state.pending) session.renewed();
			session.tick();
		}
	};
	const usedAt = session.now;
	until('announce');
	assert.equal(session.now, usedAt + PATIENCE - ANNOUNCED);
	until('handOver');
	assert.equal(session.now, usedAt + PATIENCE);
	session.at('handedOver', { owner: 'bert', isIdle: true }).is('lost').does({ do: 'explain', token: 7 }, { do: 'look' });
	session.at('explained', { token: 7, ending: { cause: 'handed_over', by: { name: 'Bert', isMe: false }, reason: null, since: [] } });
	assert.equal(session.state.loss.cause, 'given_away');
	assert.equal(mayEdit(session.state), false);
	session.at('looked', { lock: THEIRS, sentAt: session.now }).is('lost');
	assert.equal(session.state.holder.owner, 'bert');
	assert.equal(session.state.loss.cause, 'given_away');
});

test('without a request nothing is given away, and use during the announcement keeps the row', () => {
	assert.equal(givesAwayAt(held().state), Infinity);
	assert.equal(givesAwayAt(held().at('wanted', { on: true }).at('wanted', { on: false }).state), Infinity);
	const session = held({ ttl: 600 }).granted({ seconds_left: 600 }).at('wanted', { on: true }).tick();
	assert.equal(session.state.isGiving, true);
	session.at('use');
	assert.equal(session.state.isGiving, false);
	assert.equal(givesAwayAt(session.state), session.now + PATIENCE);
});

test('a connection that comes and goes is no use of the page: the row is given away all the same', () => {
	const session = held({ ttl: 600, idleLimit: 3600 }).granted({ seconds_left: 600 }).at('wanted', { on: true });
	const { usedAt } = session.state;
	session.after(50_000).at('wake').renewed();
	assert.equal(session.state.usedAt, usedAt);
	session.tick();
	assert.equal(session.state.isGiving, true);
	session.after(50_000).at('wake').renewed();
	assert.equal(session.state.isGiving, true);
	session.tick().does({ do: 'handOver', token: 7 });
	assert.equal(session.now, usedAt + PATIENCE);
});

test('after sleep the row is not given away without an announcement', () => {
	const session = held({ ttl: 600 }).granted({ seconds_left: 600 }).at('wanted', { on: true }).after(300_000).at('wake').renewed().tick().does();
	assert.equal(session.state.isGiving, true);
	assert.equal(givesAwayAt(session.state), session.now + ANNOUNCED);
});

test('a hand-over that fails is tried again later, and costs nothing', () => {
	for (const status of [0, 403, 503]) {
		const session = held({ ttl: 600 }).granted({ seconds_left: 600 }).at('wanted', { on: true }).tick().tick().tick();
		session.does({ do: 'handOver', token: 7 }).failed('handOver', status).is('held');
		assert.equal(session.state.token, 7);
		assert.ok(givesAwayAt(session.state) > session.now || session.state.trouble !== null);
	}
});

test('handed over by hand: to a user, or to nobody', () => {
	const given = typing().at('handedOver', { owner: 'bert', name: 'Bert Brandt', isIdle: false }).is('lost').does({ do: 'explain', token: 7 }, { do: 'look' });
	given.at('explained', { token: 7, ending: { cause: 'handed_over', by: { name: 'bert', isMe: false }, reason: null, since: ['bert', 'carla'] } });
	assert.equal(given.state.loss.cause, 'given');
	assert.deepEqual(given.state.loss.since, ['carla'], 'the new holder is told once');
	assert.equal(given.state.loss.by.name, 'Bert Brandt', 'the history has the owner only');
	assert.equal(given.state.token, null);
	assert.equal(held().at('handedOver', { owner: null, isIdle: false }).is('lost').state.loss.cause, 'released');
});

test('a page that requested the row locks it when its turn has come', () => {
	const offered = { ...MINE, client: null, handed_over: true };
	const asked = () => new Session().at('open', { lock: THEIRS, sentAt: 1000 }).is('blocked').at('want', { on: true }).does();
	asked().at('news', { event: 'handed_over' }).at('looked', { lock: offered, sentAt: 1000 }).is('acquiring').does({ do: 'acquire' }).granted().is('held').does({ do: 'reread' });
	const early = asked().at('news', { event: 'expired' }).at('looked', { lock: null }).does({ do: 'acquire' }).failed('acquire', 423).is('free');
	assert.ok(wakeAt(early.state) < early.now + 60_000);
	early.tick().does({ do: 'acquire' }).granted();
	assert.equal(early.state.wants, false, 'once');
	asked().at('want', { on: false }).does({ do: 'look' }).at('looked', { lock: null }).is('free').does({ do: 'reread' });
	held().at('want', { on: true }).at('news', { event: 'broken' }).at('looked', { lock: null }).is('lost').does({ do: 'explain', token: 7 });
});

test('the queue may tell of a turn before the event does, and before an older answer', () => {
	const offered = { ...MINE, client: null, handed_over: true };
	const asked = () => new Session().at('open', { lock: THEIRS, sentAt: 1000 }).at('want', { on: true });
	const turn = (session) => {
		session.at('looked', { lock: offered, sentAt: 1000 }).is('acquiring').does({ do: 'acquire' }).at('want', { on: false });
		assert.ok(session.state.wants, 'the page tells that it is its turn');
		session.granted().is('held');
	};
	turn(asked().at('want', { on: false }).does({ do: 'look' }));
	turn(asked().at('news', { event: 'handed_over' }).at('want', { on: false }).does().at('looked', { lock: THEIRS, sentAt: 1000 }).is('blocked').does({ do: 'look' }));
	// declined: another turn of the user's is another tab's
	asked().at('want', { on: false }).at('looked', { lock: THEIRS, sentAt: 1000 }).is('blocked')
		.at('news', { event: 'handed_over' }).at('looked', { lock: offered, sentAt: 1000 }).is('free');
});

test('a page that lost the row and requested it again keeps the text, whichever answer comes first', () => {
	const session = typing().at('news', { event: 'taken_over' }).at('looked', { lock: THEIRS, sentAt: 2000 }).at('want', { on: true });
	session.at('news', { event: 'released' }).at('looked', { lock: null }).is('acquiring').failed('acquire', 423, { lock: THEIRS }).is('lost');
	assert.notEqual(session.state.loss, null);
	session.at('news', { event: 'released' }).at('looked', { lock: null }).granted({ token: 9 }).is('held').does({ do: 'reread' });
});

test('only one request for the lock is under way, and one with a draft', () => {
	const session = held().after(1000).at('use').tick().does({ do: 'renew', token: 7 });
	session.at('use').does().at('change').does().at('news', { event: 'changed' }).does().at('wake').does();
	session.at('hide', { isUnsaved: false }).does({ do: 'draft', token: 7 }).at('change').at('hide', { isUnsaved: false }).does();
	session.renewed().does({ do: 'look' });
});

test('input is sent as a draft after a delay, once', () => {
	const session = typing();
	assert.equal(wakeAt(session.state), session.now + DRAFT_DELAY);
	session.tick().does({ do: 'draft', token: 7 });
	session.drafted();
	assert.equal(session.state.changedAt, null);
	assert.notEqual(wakeAt(session.state), session.now, 'the lock is renewed at its own times');
});

test('input while a draft is under way is sent too', () => {
	const session = typing().tick();
	const sentAt = session.now;
	session.after(100).at('change').drafted({ sentAt });
	assert.notEqual(session.state.changedAt, null);
	session.tick().does({ do: 'draft', token: 7 });
});

test('input is sent when the page is hidden', () => {
	typing().at('hide', { isUnsaved: false }).does({ do: 'draft', token: 7 });
	held().at('hide', { isUnsaved: false }).does();
});

test('a warning precedes the end; use of the page renews at once', () => {
	const session = held().tick().is('held').does();
	assert.equal(session.state.warned, true);
	assert.ok(session.state.endsAt > session.now, 'before');
	session.at('use').does({ do: 'renew', token: 7 }).renewed();
	assert.equal(session.state.warned, false);
});

test('a warning time longer than the lock is cut to half of it', () => {
	const session = held({ ttl: 120, warning: 600 });
	assert.equal(warnAfter(session.state), 60_000);
});

test('use of the page resumes an expired lock, which is reported', () => {
	const session = expired().does();
	assert.equal(mayEdit(session.state), true, 'typing goes on');
	session.at('use').does({ do: 'renew', token: 7 }).renewed().is('held');
	assert.equal(session.state.resumed, true);
	session.after(1000).at('use').tick().renewed();
	assert.equal(session.state.resumed, false, 'reported once');
});

test('an expired lock that cannot be resumed is lost, because the row was changed', () => {
	const session = expired().at('use').failed('renew', 409, LOST).is('lost').does({ do: 'explain', token: 7 });
	assert.deepEqual([session.state.loss.cause, session.state.loss.isChanged], ['ended', true]);
	assert.equal(session.state.token, null);
	assert.equal(mayEdit(session.state), false);
	session.at('again').is('acquiring').does({ do: 'acquire' }).granted({ token: 8 });
	assert.equal(session.state.loss, null);
});

test('how a lock ended is found out by its token, not from the stream', () => {
	const session = expired().at('news', { event: 'released' }).at('looked', { lock: null }).is('expired');
	session.at('news', { event: 'taken_over' }).at('looked', { lock: THEIRS, sentAt: 130_000 }).is('lost').does({ do: 'explain', token: 7 });
	assert.deepEqual([session.state.loss.cause, session.state.loss.isExplained], ['ended', false]);
	const ending = { cause: 'expired', by: null, reason: null, since: ['Bert Brandt'] };
	session.at('explained', { token: 6, ending });
	assert.equal(session.state.loss.isExplained, false, 'another lock');
	session.at('explained', { token: 7, ending });
	assert.deepEqual(session.state.loss, { ...ending, isChanged: false, isExplained: true, token: 7 });
});

test('an end that is not recorded is an expiry only after the time of the lock', () => {
	const unrecorded = { token: 7, ending: { cause: null, by: null, reason: null, since: [] } };
	const late = expired().at('use').failed('renew', 409, LOST).is('lost').at('explained', unrecorded);
	assert.deepEqual([late.state.loss.cause, late.state.loss.isChanged], ['expired', true]);
	const early = held().at('wake').failed('renew', 409, LOST).is('lost').at('explained', unrecorded);
	assert.deepEqual([early.state.loss.cause, early.state.loss.isChanged, early.state.loss.isExplained], ['ended', true, true]);
});

test('an explanation that cannot be read now is asked for again', () => {
	const session = held().at('news', { event: 'broken' }).at('looked', { lock: null }).failed('explain', 0, { token: 7 }).is('lost');
	session.at('wake').does({ do: 'explain', token: 7 }).failed('explain', 403, { token: 7 });
	assert.deepEqual([session.state.loss.cause, session.state.loss.isExplained], ['ended', true]);
	session.at('wake').does();
});

test('expired, and then locked by another user: not a takeover', () => {
	const session = expired().at('news', { event: 'acquired' }).does({ do: 'look' }).at('looked', { lock: THEIRS, sentAt: 130_000 }).is('lost');
	assert.equal(session.state.loss.cause, 'ended');
	assert.equal(session.state.holder.owner, 'bert');
});

test('a suspended tab checks at once: tick and wake after the end, resumed or lost', () => {
	for (const [answer, phase] of [['renewed', 'held'], ['lost', 'lost']]) {
		const session = typing().after(3_600_000).at('wake').does({ do: 'renew', token: 7 });
		if (answer === 'renewed') session.renewed();
		else session.failed('renew', 409, LOST);
		session.is(phase);
	}
	held().after(3_600_000).at('tick').is('expired');
});

test('taken over: loss, and known holder', () => {
	const session = typing().at('news', { event: 'taken_over' }).does({ do: 'look' }).at('looked', { lock: THEIRS, sentAt: 2000 }).is('lost');
	session.at('explained', { token: 7, ending: { cause: 'taken_over', by: { name: 'Bert Brandt', isMe: false }, reason: 'print', since: ['bert'] } });
	assert.equal(session.state.loss.cause, 'taken_over');
	assert.equal(session.state.holder.endsAt, 2000 + 30_000);
	assert.equal(session.state.token, null);
	session.at('leave').does({ do: 'lastDraft', beacon: false });
});

test('removed by another user: lost, without a holder', () => {
	const session = held().at('news', { event: 'broken' }).at('looked', { lock: null }).is('lost');
	assert.equal(session.state.loss.isChanged, false);
	assert.equal(session.state.holder, null);
	session.at('again').does({ do: 'acquire' });
});

test('an event during a look causes another look, whatever the response', () => {
	const moved = held().at('news', { event: 'released' }).at('news', { event: 'acquired' }).at('looked', { lock: null }).is('lost').does({ do: 'explain', token: 7 }, { do: 'look' });
	assert.ok(moved.at('looked', { lock: ELSEWHERE, sentAt: 2000 }).is('lost').does().state.holder.is_mine);
	const blocked = () => new Session().at('open', { lock: THEIRS, sentAt: 1000 }).at('news', { event: 'released' });
	blocked().at('news', { event: 'acquired' }).at('looked', { lock: null }).is('free').does({ do: 'reread' }, { do: 'look' });
	blocked().at('news', { event: 'released' }).at('looked', { lock: THEIRS, sentAt: 1000 }).is('blocked').does({ do: 'look' });
});

test('an event without consequence changes nothing', () => {
	held().at('news', { event: 'changed' }).at('looked', { lock: MINE, sentAt: 1000 }).is('held').does();
});

test('an inherited lock that the previous page released late is acquired again', () => {
	const session = new Session().at('open').granted({ outcome: 'renewed' });
	session.at('news', { event: 'released' }).at('looked', { lock: null }).is('acquiring').does({ do: 'acquire' });
	held().at('news', { event: 'released' }).at('looked', { lock: null }).is('lost');
});

test('also if the news of its end overtakes the answer, or a renewal meets the end', () => {
	const told = new Session().at('open').at('news', { event: 'released' }).granted({ outcome: 'renewed' }).does({ do: 'reread' }, { do: 'look' });
	told.at('looked', { lock: null }).is('acquiring').does({ do: 'acquire' });
	const renewing = new Session().at('open').granted({ outcome: 'renewed' }).at('wake').at('news', { event: 'released' });
	renewing.failed('renew', 409, LOST).is('acquiring').granted({ token: 8 }).is('held');
	new Session().at('open').at('news', { event: 'released' }).granted().at('looked', { lock: null }).is('lost');
});

test('or if there was no news: the history tells who released it', () => {
	const ended = (by) => ({ token: 7, ending: { cause: 'released', by: { name: 'Anna', isMe: true, ...by }, reason: null, since: [] } });
	const lost = () => new Session().at('open').granted({ outcome: 'renewed' }).at('wake').failed('renew', 409, LOST).is('lost');
	lost().at('explained', ended()).is('acquiring').does({ do: 'acquire' });
	lost().at('explained', ended({ isMe: false })).is('lost');
	lost().after(60000).at('explained', ended()).is('lost');
	held().at('wake').failed('renew', 409, LOST).at('explained', ended()).is('lost');
});

test('but not a lock that is released later', () => {
	const session = new Session().at('open').granted({ outcome: 'renewed' }).after(60000);
	session.at('news', { event: 'released' }).at('looked', { lock: null }).is('lost');
});

test('but not one that the save of a form has released', () => {
	const session = new Session().at('open').granted({ outcome: 'renewed' });
	session.at('submitted').at('news', { event: 'released' }).at('looked', { lock: null }).is('lost');
});

test('a page that is closed while it is about to get the lock gives it back', () => {
	const gone = { do: 'release', token: null, beacon: true };
	new Session().at('open').at('leave', { beacon: true }).is('left').does(gone);
	const second = new Session().at('open').at('held', { lock: ELSEWHERE, sentAt: 1000 }).at('leave', { beacon: true }).does();
	second.at('restore').at('leave', { beacon: true }).does(gone);
	new Session().at('open').at('leave').does().granted().does({ do: 'release', token: 7, beacon: false });
	new Session({ client: null }).at('open').at('leave', { beacon: true }).does();
});

test('a second tab: elsewhere, takes control, and the first tab loses it', () => {
	const second = new Session().at('open').at('held', { lock: ELSEWHERE, sentAt: 1000 }).is('elsewhere');
	assert.equal(mayEdit(second.state), false);
	second.at('control').does({ do: 'control' }).granted({ token: 8 }).is('held');
	const first = typing().at('news', { event: 'acquired' }).at('looked', { lock: ELSEWHERE, sentAt: 2000 }).is('lost');
	assert.equal(first.state.loss.cause, 'moved');
	const refused = new Session().at('open').at('held', { lock: ELSEWHERE, sentAt: 1000 }).at('control').failed('control', 403, { problem: { detail: 'no' } }).is('elsewhere');
	assert.equal(refused.state.refusal.status, 403, 'no other user holds the row');
});

test('a lock that moves to another tab, seen when it was free', () => {
	const released = { token: 7, ending: { cause: 'released', by: { name: 'Anna', isMe: true }, reason: null, since: [] } };
	const seen = () => held().at('news', { event: 'released' }).at('looked', { lock: null }).is('lost');
	const here = { lock: ELSEWHERE, sentAt: 2000 };
	assert.equal(seen().at('explained', released).at('news', { event: 'acquired' }).at('looked', here).state.loss.cause, 'moved');
	assert.equal(seen().at('news', { event: 'acquired' }).at('looked', here).at('explained', released).state.loss.cause, 'moved');
	assert.equal(seen().at('explained', released).at('news', { event: 'acquired' }).at('looked', { lock: THEIRS, sentAt: 2000 }).state.loss.cause, 'released');
});

test('blocked: looks when the holder\'s time has passed, then the row is free', () => {
	const session = new Session().at('open').failed('acquire', 423, { lock: THEIRS }).is('blocked');
	assert.equal(wakeAt(session.state), session.now + 30_000);
	session.tick().does({ do: 'look' });
	session.at('looked', { lock: { ...THEIRS, seconds_left: 20 }, sentAt: session.now }).is('blocked');
	session.tick().at('looked', { lock: null }).is('free').does({ do: 'reread' });
	session.at('again').does({ do: 'acquire' }).granted().is('held');
});

test('a row that was handed over to the user is offered, not locked elsewhere', () => {
	const offered = { ...MINE, client: null, handed_over: true };
	const blocked = new Session().at('open', { lock: THEIRS, sentAt: 1000 }).is('blocked');
	blocked.at('news', { event: 'handed_over' }).at('looked', { lock: offered, sentAt: 1000 }).is('free').does({ do: 'reread' });
	new Session().at('open', { lock: offered, sentAt: 1000 }).is('acquiring').does({ do: 'acquire' });
	typing().at('news', { event: 'handed_over' }).at('looked', { lock: { ...offered, token: 8 }, sentAt: 1000 }).is('lost');
});

test('a lock whose grant got lost is this page\'s, not another tab\'s', () => {
	const own = { lock: MINE, sentAt: 2000 };
	const found = (session) => session.tick().does({ do: 'look' }).at('looked', own).is('acquiring').does({ do: 'acquire' }).granted({ outcome: 'renewed' }).is('held');
	found(new Session().at('open', { lock: THEIRS, sentAt: 1000 }).at('takeOver', { reason: null }).failed('takeOver', 0).is('blocked'));
	found(new Session().at('open', { lock: ELSEWHERE, sentAt: 1000 }).at('control').failed('control', 0).is('elsewhere'));
	found(held().at('news', { event: 'taken_over' }).at('looked', { lock: THEIRS, sentAt: 2000 }).at('takeOver', { reason: null }).failed('takeOver', 504).is('lost'));
	// the user presses again, or learns of it by the stream, before the look
	const again = new Session().at('open', { lock: THEIRS, sentAt: 1000 }).at('takeOver', { reason: null }).failed('takeOver', 0);
	again.at('takeOver', { reason: null }).failed('takeOver', 409, own).is('acquiring').does({ do: 'acquire' });
	new Session().at('open', { lock: THEIRS, sentAt: 1000 }).at('takeOver', { reason: null }).at('news', { event: 'taken_over' })
		.failed('takeOver', 0).at('wake').at('looked', own).is('acquiring');
	new Session({ client: null }).at('open', { lock: { ...MINE, client: null }, sentAt: 1000 }).is('elsewhere');
});

test('blocked: takeover, and a rejected one', () => {
	const blocked = () => new Session().at('open').failed('acquire', 423, { lock: THEIRS });
	blocked().at('takeOver', { reason: 'print' }).does({ do: 'takeOver', reason: 'print' }).granted({ token: 9 }).is('held');
	const refused = blocked().at('takeOver', { reason: 'print' }).failed('takeOver', 403, { problem: { detail: 'no' } }).is('blocked');
	assert.equal(refused.state.refusal.status, 403);
});

test('lost: after a rejected takeover still lost', () => {
	const session = typing().at('news', { event: 'taken_over' }).at('looked', { lock: THEIRS, sentAt: 2000 });
	session.at('takeOver', { reason: '' }).failed('takeOver', 403).is('lost');
	assert.equal(session.state.loss.token, 7);
});

test('lock not allowed, or row deleted', () => {
	new Session().at('open').failed('acquire', 403).is('refused').does();
	held().at('wake').failed('renew', 404).is('refused');
});

test('no connection: retries with growing delays, and recovers', () => {
	const session = held().after(1000).at('use').tick();
	const waits = [];
	for (let tries = 0; tries < 6 && session.state.phase === 'held'; tries++) {
		session.failed('renew', 0);
		assert.equal(session.state.trouble, 'offline');
		waits.push(session.state.retryAt - session.now);
		do session.tick(); while (session.state.phase === 'held' && session.state.pending === null);
	}
	assert.deepEqual(waits, [...waits].sort((a, b) => a - b));
	assert.ok(waits.at(-1) <= 15_000);
	session.renewed().is('held');
	assert.equal(session.state.trouble, null);
	assert.equal(session.state.retries, 0);
});

test('no connection until after the end: expired, not lost, and retried', () => {
	const session = held().at('wake');
	for (let tries = 0; tries < 40 && session.state.phase === 'held'; tries++) {
		if (session.state.pending) session.failed('renew', 0);
		session.tick();
	}
	session.is('expired');
	assert.equal(mayEdit(session.state), true);
	if (session.state.pending) session.failed('renew', 0);
	session.at('wake').does({ do: 'renew', token: 7 }).renewed().is('held');
});

test('an unavailable database differs from no connection', () => {
	assert.equal(held().after(1000).at('use').tick().failed('renew', 503).state.trouble, 'busy');
});

test('signed out, or another user signed in: no requests until signed in again, then a check', () => {
	for (const [status, details] of [[401], [403, CSRF], [403, OTHER_USER]])
		for (const of of ['renew', 'draft']) {
			const session = typing().at(of === 'renew' ? 'wake' : 'hide', { isUnsaved: true }).failed(of, status, details).is('held');
			assert.equal(session.state.trouble, 'signed_out');
			session.at('use').does().at('change').does();
			session.at('wake').does({ do: 'renew', token: 7 }).renewed().is('held');
			assert.equal(session.state.trouble, null);
			session.tick().does({ do: 'draft', token: 7 });
		}
});

test('a draft that is refused costs neither the lock nor its renewals', () => {
	for (const [status, problem] of [[413, {}], [422, { sqlstate: '22023' }], [422, { sqlstate: '22P05' }], [403, {}], [400, {}], [404, {}], [409, { sqlstate: '55000' }]]) {
		const session = typing().tick().failed('draft', status, { problem }).is('held').does();
		assert.equal(session.state.token, 7);
		assert.equal(session.state.trouble, null);
		assert.deepEqual(session.state.draftRefusal, { status, problem });
		assert.notEqual(session.state.changedAt, null, 'not kept');
		session.at('change').tick().does({ do: 'draft', token: 7 }).failed('draft', status, { problem });
		session.at('redraft').does({ do: 'draft', token: 7 }).drafted();
		assert.equal(session.state.draftRefusal, null);
		assert.equal(session.state.changedAt, null);
		session.at('use').tick().does({ do: 'renew', token: 7 });
	}
	assert.equal(typing().tick().failed('draft', 503).state.trouble, null, 'the renewal tells of the database');
});

test('a draft under way delays no renewal, and a renewal no draft', () => {
	const session = typing().at('hide', { isUnsaved: false }).at('wake').does({ do: 'renew', token: 7 });
	session.drafted().at('change').tick().does({ do: 'draft', token: 7 });
	typing().at('wake').at('hide', { isUnsaved: false }).does({ do: 'draft', token: 7 });
});

test('the lock is lost only if the server says so', () => {
	for (const [status, problem] of [[413, {}], [422, {}], [403, {}], [400, {}], [415, {}], [423, {}], [409, {}], [409, { type: 'urn:locking:problem:held-elsewhere' }]]) {
		const session = typing().at('wake').failed('renew', status, { problem }).is('held');
		assert.equal(session.state.trouble, 'refused');
		assert.equal(session.state.token, 7);
		session.tick().does({ do: 'draft', token: 7 }).drafted().tick().does({ do: 'renew', token: 7 }).renewed();
		assert.equal(session.state.trouble, null);
	}
	typing().at('wake').failed('renew', 409, LOST).is('lost');
	assert.equal(typing().at('wake').failed('renew', 409, { ...LOST, lock: THEIRS }).is('lost').state.holder.owner, 'bert');
	typing().tick().failed('draft', 409, { ...LOST, token: 7 }).is('held').does({ do: 'renew', token: 7 });
	typing().tick().failed('draft', 409, { ...LOST, token: 6 }).is('held').does();
	typing().at('wake').at('hide', { isUnsaved: false }).failed('draft', 409, { ...LOST, token: 7 }).does().renewed().does({ do: 'look' });
});

test('input after the end of the lock is kept as a draft too', () => {
	const session = expired().at('change').does({ do: 'renew', token: 7 });
	session.failed('renew', 0).tick().does({ do: 'draft', token: 7 });
});

test('input is kept as a draft in every phase, without a lock too', () => {
	const noLock = (session) => session.after(DRAFT_DELAY).at('tick').does({ do: 'draft', token: null });
	noLock(typing().at('news', { event: 'reset' }).at('looked', { lock: THEIRS, sentAt: 2000 }).is('lost'));
	noLock(typing().at('news', { event: 'reset' }).at('looked', { lock: null, sentAt: 2000 }).is('lost'));
	noLock(new Session({ lockOn: 'change' }).at('open').at('change').at('held', { lock: THEIRS, sentAt: 1000 }).is('blocked'));
	noLock(new Session({ lockOn: 'never' }).at('open').at('change').is('idle').does());
	const session = typing().tick().does({ do: 'draft', token: 7 }).at('news', { event: 'reset' }).at('looked', { lock: THEIRS, sentAt: 2000 }).is('lost');
	noLock(session.failed('draft', 409, { ...LOST, token: 7 }));
	assert.equal(session.drafted().state.changedAt, null);
	assert.equal(wakeAt(session.state) > session.now, true);
});

test('while the user types, there is one draft in each delay', () => {
	const session = held();
	let drafts = 0;
	for (let key = 0; key < 100; key++) {
		session.after(DRAFT_DELAY / 10).at('change');
		if (session.now >= wakeAt(session.state)) session.at('tick');
		if (session.actions.some((action) => action.do === 'draft')) {
			drafts++;
			session.drafted();
		}
	}
	assert.ok(drafts >= 8 && drafts <= 10, `${drafts} drafts in ten delays`);
});

test('input that was not sent is sent on leaving, before the release', () => {
	typing().at('leave').does({ do: 'lastDraft', beacon: false }, { do: 'release', token: 7, beacon: false });
	typing().at('leave', { beacon: true }).does({ do: 'lastDraft', beacon: true }, { do: 'release', token: 7, beacon: true });
	typing().tick().drafted().at('leave').does({ do: 'release', token: 7, beacon: false });
	new Session({ lockOn: 'never' }).at('open').at('change').at('leave', { beacon: true }).does({ do: 'lastDraft', beacon: true }).at('restore').is('idle').does();
});

test('saved and released; saved and continued', () => {
	typing().at('saved', { released: true }).is('left').does().at('leave').does();
	const session = typing().at('saved', { released: false, seconds_left: 120, sentAt: 3000 }).is('held');
	assert.equal(session.state.changedAt, null);
	assert.equal(session.state.token, 7);
	assert.equal(session.state.endsAt, 123_000);
});

test('without a lock to keep, typing goes on after a save', () => {
	const session = new Session({ lockOn: 'never' }).at('open').at('change');
	session.at('saved', { released: false, sentAt: session.now }).is('idle').does();
	assert.equal(mayEdit(session.state), true);
	assert.equal(session.state.changedAt, null);
	const sentAt = session.now;
	session.after(100).at('change').at('saved', { released: false, sentAt }).is('idle');
	assert.notEqual(session.state.changedAt, null, 'typed during the save');
	session.at('saved', { released: true }).is('left');
});

test('a save whose answer came after the end of the lock locks the row again', () => {
	const late = () => expired().at('saved', { released: false, sentAt: 1000 }).is('acquiring').does({ do: 'acquire' });
	assert.equal(mayEdit(late().state), false);
	assert.equal(late().granted({ token: 8 }).is('held').does({ do: 'reread' }).state.token, 8);
	const theirs = late().failed('acquire', 423, { lock: THEIRS }).is('lost');
	assert.equal(theirs.state.holder.owner, 'bert');
	assert.equal(theirs.state.token, null);
	for (const seconds_left of [120, undefined]) held().at('leave').at('saved', { released: false, seconds_left, sentAt: 1000 }).is('left').does();
});

test('a renewal that waited for such a save is overtaken, whichever answer comes first', () => {
	const late = () => {
		const session = held().at('wake').does({ do: 'renew', token: 7 }).after(200_000).at('tick').is('expired');
		return session.at('saved', { released: false, sentAt: 1000 }).does({ do: 'acquire' });
	};
	late().failed('renew', 409, { ...LOST, lock: THEIRS }).is('acquiring').failed('acquire', 423, { lock: THEIRS }).is('lost');
	late().granted({ token: 8 }).is('held').failed('renew', 409, LOST).is('held');
	assert.equal(late().renewed().granted({ outcome: 'renewed' }).is('held').state.token, 7);
});

test('a table that became protected: the refused save locks the row', () => {
	const typed = () => new Session({ lockOn: 'never' }).at('open').at('change');
	typed().at('refusedSave', { lock: null, sentAt: 1000, isProtected: true }).is('acquiring').does({ do: 'acquire' }).granted().is('held').does({ do: 'reread' });
	const blocked = typed().at('refusedSave', { lock: THEIRS, sentAt: 1000, isProtected: true }).is('blocked').does();
	blocked.at('news', { event: 'released' }).at('looked', { lock: null }).is('free').at('again').granted().is('held');
	typed().at('refusedSave', { lock: THEIRS, sentAt: 1000 }).is('idle').does(); // of a row that a trigger writes
});

test('input during a save is sent as a draft', () => {
	const session = typing();
	const sentAt = session.now;
	session.after(100).at('change').at('saved', { released: false, seconds_left: 120, sentAt }).is('held');
	session.tick().does({ do: 'draft', token: 7 });
});

test('a rejected save: lost, with the holder if known', () => {
	assert.equal(typing().at('refusedSave', { lock: THEIRS, sentAt: 2000 }).is('lost').state.holder.owner, 'bert');
	assert.equal(typing().at('refusedSave', { lock: null, sentAt: 2000 }).is('lost').state.loss.isChanged, true);
	typing().at('refusedSave', { lock: MINE, sentAt: 2000 }).is('held').does(); // another row, which a trigger writes, is locked
	new Session({ lockOn: 'never' }).at('open').at('refusedSave', { lock: null, sentAt: 2000 }).is('idle').does();
});

test('a table that is not protected any more: the page goes on without a lock, until it is again', () => {
	const refusal = { problem: { type: 'urn:locking:problem:not-protected' } };
	const lost = typing().at('news', { event: 'broken' }).at('looked', { lock: null }).is('lost');
	const session = lost.at('again').failed('acquire', 409, refusal).is('lost').at('unprotected').is('idle').does({ do: 'reread' });
	assert.equal(session.state.loss, null);
	assert.equal(mayEdit(session.state), true);
	assert.notEqual(session.state.changedAt, null, 'what was typed is still to be kept');
	session.at('change').is('idle').at('refusedSave', { lock: null, sentAt: 2000, isProtected: true }).does({ do: 'acquire' });
	held().at('leave').at('unprotected').is('left').does();
});

test('leaving releases, by beacon if the page closes; a late grant is released', () => {
	held().at('leave').is('left').does({ do: 'release', token: 7, beacon: false });
	held().at('leave', { beacon: true }).does({ do: 'release', token: 7, beacon: true });
	new Session().at('open').at('leave').is('left').does().granted().is('left').does({ do: 'release', token: 7, beacon: false });
	const left = held().at('leave');
	for (const type of ['use', 'change', 'tick', 'wake', 'news', 'hide']) left.at(type, { event: 'changed' }).is('left').does();
	assert.equal(wakeAt(left.state), Infinity);
});

test('a page restored from the back/forward cache locks again', () => {
	held().at('leave', { beacon: true }).at('restore').is('acquiring').does({ do: 'acquire' });
	typing().at('leave', { beacon: true }).at('restore').tick().does({ do: 'draft', token: null });
});

test('states are immutable, and an event without consequence returns the same state', () => {
	const { state } = held();
	assert.throws(() => { state.phase = 'lost'; }, TypeError);
	assert.equal(step(state, { type: 'redraft' }, 1000).state, state);
	assert.throws(() => step(state, { type: 'no such event' }, 1000), TypeError);
});

/* Random events against a simulated server */

/** A row in the database: holder, expiry, and whether it was written. */
class Row {
	owner = null;
	token = 0;
	endsAt = 0;
	wroteSince = false;
	ttl = 120_000;

	lock(now) {
		if (!this.owner || now >= this.endsAt) return null;
		const isMine = this.owner === 'anna';
		return { owner: this.owner, is_mine: isMine, token: isMine ? this.token : null, client: this.client, seconds_left: (this.endsAt - now) / 1000 };
	}

	take(owner, client, now) {
		Object.assign(this, { owner, client, token: this.token + 1, endsAt: now + this.ttl, wroteSince: false });
		return this.token;
	}

	answer(action, now) {
		const lock = this.lock(now);
		const refused = { type: 'failed', of: action.do, status: 423, problem: {}, lock };
		if (action.do === 'look') return { type: 'looked', lock };
		if (action.do === 'draft') {
			const isHeld = this.owner === 'anna' && action.token === this.token;
			return isHeld || action.token === null ? { type: 'drafted' } : { ...refused, status: 409, token: action.token, ...LOST };
		}
		if (action.do === 'handOver') {
			const isHeld = this.owner === 'anna' && action.token === this.token;
			if (isHeld) this.take('bert', 'elsewhere', now);
			return { type: 'handedOver', owner: isHeld ? 'bert' : null, isIdle: true };
		}
		if (action.do === 'renew') {
			const isGood = this.owner === 'anna' && action.token === this.token && (lock || !this.wroteSince);
			if (!isGood) return { ...refused, status: 409, ...LOST };
			this.endsAt = now + this.ttl;
			return { type: 'renewed', seconds_left: this.ttl / 1000 };
		}
		if (lock && !lock.is_mine && action.do !== 'takeOver') return refused;
		if (lock?.is_mine && lock.client !== 'tab' && action.do === 'acquire') return refused;
		return { type: 'granted', token: this.take('anna', 'tab', now), seconds_left: this.ttl / 1000, outcome: 'acquired' };
	}
}

const READER = ['use', 'use', 'change', 'change', 'change', 'hide', 'show', 'wake', 'wanted', 'want', 'again', 'control', 'control', 'takeOver', 'takeOver', 'takeOver', 'tick', 'tick'];

function walk(seed) {
	const random = randomNumbers(seed);
	const pick = (list) => list[Math.floor(random() * list.length)];
	const row = new Row();
	const session = new Session({ client: 'tab' }).at('open');
	const network = [{ action: session.actions[0], sentAt: session.now }];
	const take = () => {
		for (const action of session.actions) if (!['reread', 'release', 'explain'].includes(action.do)) network.push({ action, sentAt: session.now });
	};
	// The server responds at one time; the response arrives later.
	const serve = (sent, mayFail) => {
		if (sent.reply) return;
		const isLost = mayFail && random() < 0.1;
		const answer = () => row.answer(sent.action, session.now);
		if (!isLost) {
			sent.reply = answer();
			return;
		}
		const status = pick(sent.action.do === 'draft' ? [0, 503, 401, 413, 422] : [0, 503, 401]);
		if (status === 0) answer(); // it is executed, but the answer is lost
		sent.reply = { type: 'failed', of: sent.action.do, token: sent.action.token, status, problem: {}, lock: null };
	};
	const deliver = (sent) => {
		network.splice(network.indexOf(sent), 1);
		session.at(sent.reply.type, { ...sent.reply, sentAt: sent.sentAt });
	};
	const ways = {
		reader: () => {
			const type = pick(READER);
			const fits = { again: ['lost', 'free'], control: ['elsewhere'], takeOver: ['blocked', 'lost'] }[type];
			if (!fits || (fits.includes(session.state.phase) && !session.state.pending)) session.at(type, { reason: '', on: random() < 0.5, isUnsaved: random() < 0.5 });
		},
		server: () => network.length && serve(pick(network), true),
		answer: () => {
			if (!network.length) return;
			const sent = pick(network);
			serve(sent, true);
			deliver(sent);
		},
		others: () => {
			if (random() < 0.3) row.wroteSince ||= !row.lock(session.now);
			else if (random() < 0.5) row.take(pick(['bert', 'anna']), 'elsewhere', session.now);
			else row.owner = null;
			session.at('news', { event: pick(['acquired', 'taken_over', 'broken', 'released', 'changed']) });
		},
	};
	for (let turn = 0; turn < 200; turn++) {
		session.after(Math.floor(random() * 20_000));
		session.actions = [];
		ways[pick(['reader', 'reader', 'reader', 'server', 'answer', 'answer', 'answer', 'others'])]();
		take();
		check(session, network, row);
	}
	const rest = () => {
		for (let exchanges = 0; network.length; exchanges++) {
			assert.ok(exchanges < 10, 'the exchange ends');
			session.actions = [];
			const [sent] = network;
			serve(sent, false);
			deliver(sent);
			take();
		}
	};
	rest();
	session.at('wake'); // the connection is back
	take();
	rest();
	checkAtRest(session, row);
}

// All events and responses have arrived, so the state must be right.
function checkAtRest({ state, now }, row) {
	assert.equal(state.trouble, null, 'no request has failed at last');
	const lock = row.lock(now);
	if (state.phase === 'held') assert.ok(!lock || lock.token === state.token, 'the lock held is the session\'s own');
	if (['blocked', 'elsewhere', 'lost'].includes(state.phase) && lock) assert.equal(state.holder?.owner, lock.owner, 'the holder is the one in the database');
	if (lock?.is_mine && lock.client === 'tab') assert.equal(state.phase, 'held', 'a lock of this tab is no other tab\'s');
	if (state.phase === 'free') assert.equal(lock, null, 'a row shown as free has no lock');
}

function check({ state, now }, network, row) {
	const drafts = network.filter(({ action }) => action.do === 'draft').length;
	assert.ok(drafts <= 1 && network.length - drafts <= 1, 'one request of each kind at a time');
	assert.equal(state.pending !== null, network.length > drafts, 'a pending request is under way');
	assert.equal(state.draftPending, drafts === 1, 'a pending draft is under way');
	if (state.phase === 'held') {
		assert.notEqual(state.token, null);
		if (row.owner === 'anna' && row.token === state.token) assert.ok(state.endsAt <= row.endsAt, 'the page\'s expiry is not later than the server\'s');
	}
	if (['lost', 'blocked', 'elsewhere', 'free', 'refused'].includes(state.phase)) assert.equal(mayEdit(state), false);
	if (state.phase === 'lost') assert.ok(state.loss !== null || state.pending, 'a loss has a cause');
	assert.notEqual(state.phase, 'left', 'the session is not left without an event');
	if (state.phase === 'held' && !state.pending && state.trouble !== 'signed_out') assert.ok(wakeAt(state) <= Math.max(now, state.endsAt), 'a tick is due before the lock ends');
}

test('a look that found no session is made up for after signing in', () => {
	const session = held().at('handedOver', { owner: null, isIdle: false }).is('lost').failed('look', 401);
	session.at('wake').does({ do: 'look' }, { do: 'explain', token: 7 });
});

test('random events: one request at a time, no lock trusted too long, no standstill', () => {
	for (let seed = 1; seed <= 1000; seed++) {
		try {
			walk(seed);
		} catch (error) {
			error.message = `seed ${seed}: ${error.message}`;
			throw error;
		}
	}
});
