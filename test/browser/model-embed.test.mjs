// What <locking-form> says in each state of the lock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noticeOf } from '../../contrib_web/static/js/model/embed-view.js';
import { initial, step } from '../../contrib_web/static/js/model/lock-session.js';

const lockOf = (owner, name, more = {}) => ({ table: 'article', key: '1', owner, owner_name: name, is_mine: owner === 'anna', client: 'tab', note: null, seconds_left: 60, ...more });
const BERT = { name: 'Bert Brandt', isMe: false };
const CARLA = lockOf('carla', 'Carla Conti');

/** The state after events of one second each. */
const after = (...events) => events.reduce((state, event, at) => step(state, { sentAt: at * 1000, ...event }, at * 1000).state, initial({ ttl: 60 }));
const OPEN = { type: 'open', lock: null };
const GRANTED = { type: 'granted', token: '7', seconds_left: 60, outcome: 'acquired' };
const NEWS = { type: 'news', event: 'released' };
const looked = (lock) => ({ type: 'looked', lock });
const lost = (lock, ending) => after(OPEN, GRANTED, NEWS, looked(lock), { type: 'explained', token: '7', ending: { reason: null, since: [], by: null, ...ending } });

const say = (state, more = {}) => noticeOf({
	state, isStarted: true, fault: null, reason: null, host: 'locks.example.org', secondsLeft: 60, requests: [], people: [], draft: null,
	isStale: false, isDirty: false, isDrafted: false, mayTakeOver: false, declined: null, problem: null, ...more,
});
const words = (...args) => {
	const { title, text } = say(...args);
	return [title, text].filter(Boolean).join(' ');
};
const buttons = (...args) => say(...args).actions.map(([name]) => name).join(' ');

test('a lost lock: who ended it and why, who has the row now', () => {
	assert.equal(words(lost(lockOf('bert', 'Bert Brandt'), { cause: 'taken_over', by: BERT, reason: 'in a hurry' })), 'Bert Brandt has taken over. Reason: “in a hurry”.');
	assert.equal(words(lost(CARLA, { cause: 'taken_over', by: BERT, since: ['Carla Conti'] })), 'Bert Brandt has taken over. Carla Conti is editing this.');
	assert.equal(words(lost(null, { cause: 'taken_over', by: BERT })), 'Bert Brandt has taken over. It is free now.');
	assert.equal(words(lost(null, { cause: 'broken', by: { name: 'Dora', isMe: false }, reason: 'cleaning' })), 'Dora has removed your lock. Reason: “cleaning”. It is free now.');
	assert.equal(words(lost(null, { cause: 'broken', by: { name: 'Anna', isMe: true } })), 'You have removed your lock. It is free now.');
	assert.equal(words(lost(CARLA, { cause: 'released', by: { name: 'Anna', isMe: true } })), 'Your lock was released elsewhere: in another tab, in a list or by a program. Carla Conti is editing this.');
	assert.equal(words(lost(CARLA, { cause: 'handed_over', by: BERT })), 'Your lock was released, and the row handed over to Bert Brandt. Carla Conti is editing this.');
	assert.equal(words(lost(CARLA, { cause: 'handed_over', by: { owner: 'carla', name: 'carla', isMe: false } })), 'Your lock was released, and the row handed over to Carla Conti.');
	assert.equal(words(lost(CARLA, { cause: 'expired' })), 'Your lock has expired, and Carla Conti is editing this row now.');
	assert.equal(words(lost(null, { cause: 'expired', since: ['Bert Brandt'] })), 'Your lock has expired, and Bert Brandt locked the row after you. It is free now.');
});

test('handed over by the user: to whom, whoever has the row now', () => {
	const given = (more) => after(OPEN, GRANTED, { type: 'handedOver', owner: 'bert', name: 'Bert Brandt', ...more });
	assert.equal(words(given()), 'You have handed over to Bert Brandt.');
	assert.equal(words(given({ isIdle: true })), 'Handed over to Bert Brandt, since you were away.');
	const { state } = step(given(), { type: 'looked', lock: CARLA, sentAt: 3000 }, 3000);
	assert.equal(words(state), 'You have handed over to Bert Brandt. Carla Conti is editing this.');
});

test('a lock that lapsed and whose row was written says so', () => {
	const lapsed = after(OPEN, GRANTED, { type: 'tick' });
	const expired = step(lapsed, { type: 'tick' }, 90_000).state;
	assert.equal(words(expired), 'Your lock has ended. Keep editing to lock the row again, unless another user has locked it.');
	const renewing = step(expired, { type: 'use' }, 91_000).state;
	const refused = step(renewing, { type: 'failed', of: 'renew', token: '7', status: 409, problem: { sqlstate: 'LK001' }, lock: null, sentAt: 91_000 }, 91_000).state;
	assert.equal(words(refused), 'Your lock has ended, and the row has been changed since. It is free now.');
	const explained = step(refused, { type: 'explained', token: '7', ending: { cause: 'expired', by: null, reason: null, since: [] } }, 92_000).state;
	assert.equal(words(explained), 'Your lock has expired, and the row was changed since. It is free now.');
});

test('another tab: to edit here is offered while that tab has the row', () => {
	const moved = lost(lockOf('anna', 'Anna Albers'), { cause: 'released' });
	assert.equal(words(moved), 'You are editing this in another tab.');
	assert.equal(buttons(moved), 'control');
	const { state } = step(step(moved, NEWS, 9000).state, { type: 'looked', lock: null, sentAt: 9000 }, 9000);
	assert.equal(words(state), 'You have continued in another tab. It is free now.');
	assert.equal(buttons(state), 'again');
});

test('a text is said to be kept as a draft only if it is', () => {
	const state = lost(null, { cause: 'taken_over', by: BERT });
	const kept = 'Your text is still here to be copied';
	assert.ok(words(state, { isDirty: true, isDrafted: true }).endsWith(`${kept}, and kept as a draft.`));
	assert.ok(words(state, { isDirty: true }).endsWith(`${kept}.`), 'under way');
	const refusal = { status: 422, problem: { detail: 'invalid byte sequence' } };
	assert.ok(words({ ...state, draftRefusal: refusal }, { isDirty: true }).endsWith('Your text is not kept as a draft: copy it.'));
	assert.ok(!words(state).includes('text'), 'nothing was typed');
	const held = after(OPEN, GRANTED);
	assert.match(words({ ...held, draftRefusal: refusal }, { isDirty: true }), /^Your text is not kept as a draft: copy it\..*Invalid byte sequence\.$/);
});

test('what is refused says why', () => {
	const blocked = after({ type: 'open', lock: CARLA });
	const refused = { type: 'failed', of: 'takeOver', status: 403, problem: { detail: 'permission denied for function take_over' }, lock: null };
	const after1 = step(step(blocked, { type: 'takeOver', reason: null }, 1000).state, { ...refused, sentAt: 1000 }, 2000).state;
	assert.match(words(after1, { mayTakeOver: true }), /^Carla Conti is editing this .* Not allowed\. Permission denied for function take_over\.$/);
	const again = step(after1, { type: 'takeOver', reason: null }, 3000).state;
	assert.doesNotMatch(words(again), /Not allowed/, 'until it is tried again');
	const elsewhere = step(after({ type: 'open', lock: { ...CARLA, is_mine: true } }), { type: 'control' }, 1000).state;
	assert.match(words(step(elsewhere, { ...refused, of: 'control', sentAt: 1000 }, 2000).state), /^You are editing this in another tab\. Not allowed\./);
	const problem = { status: 422, problem: { detail: 'bert has withdrawn the request' } };
	assert.match(words(after(OPEN, GRANTED), { problem }), /Bert has withdrawn the request\.$/);
	assert.match(words(blocked, { problem: { status: 0, problem: {} } }), /The server cannot be reached\.$/);
});

test('held: everybody who requests the row is named, in order, with the messages', () => {
	const asks = (owner, name, message = null) => ({ owner, owner_name: name, message, is_mine: false });
	const held = after(OPEN, GRANTED);
	const [bert, carla, dora] = [asks('bert', 'Bert Brandt', 'a comma'), asks('carla', 'Carla Conti'), asks('dora', 'Dora', 'a word')];
	assert.equal(words(held, { requests: [bert] }), 'Bert Brandt requests this row. “a comma” Saving hands it over, too.');
	assert.equal(words(held, { requests: [carla] }), 'Carla Conti requests this row. Saving hands it over, too.');
	assert.equal(words(held, { requests: [bert, carla, dora] }),
		'3 people request this row. Bert Brandt is first in the queue. “a comma” After that: Carla Conti and Dora “a word”. Saving hands it over, too.');
	assert.equal(buttons(held, { requests: [bert, carla] }), 'handOver decline');
});

test('blocked: the queue, the holder\'s answer and the note', () => {
	const blocked = after({ type: 'open', lock: { ...CARLA, note: 'spelling' } });
	assert.match(words(blocked), /^Carla Conti is editing this for another 1 minute, unless it is renewed\. “spelling”$/);
	const own = { owner: 'anna', is_mine: true, place: 2 };
	assert.equal(words(blocked, { requests: [own] }), 'Carla Conti is editing this. You are number 2 in the queue. “spelling”');
	assert.equal(buttons(blocked, { requests: [own], mayTakeOver: true }), 'withdraw takeOver');
	assert.match(words(blocked, { declined: { message: 'at noon' } }), /^Carla Conti is editing this\. Your request was declined: “at noon”/);
	assert.equal(buttons(blocked), 'ask');
});

const FORBIDDEN = { status: 403, problem: { detail: 'permission denied for table article', sqlstate: '42501' } };
const WRITTEN = { status: 503, problem: { type: 'urn:locking:problem:busy', detail: 'another transaction is writing the row' } };
const DOWN = { status: 503, problem: { type: 'urn:locking:problem:unavailable' } };
const NO_ANSWER = { status: 0, problem: {} };
const PROXY = { status: 0, problem: { detail: 'A proxy or another server answered in its place, with status 502', foreign: 502 } };
const SIGNED_OUT = { status: 401, problem: { type: 'urn:locking:problem:unauthenticated', detail: 'Sign in first.' } };
const BERTS = { status: 403, problem: { type: 'urn:locking:problem:other-user', owner: 'Bert Brandt' } };
const fails = (state, of, answer) => step(state, { type: 'failed', of, lock: null, sentAt: 9000, ...answer }, 9000).state;
const waking = (state) => step(state, { type: 'wake' }, 8000).state;
const failing = {
	held: (answer) => fails(waking(after(OPEN, GRANTED)), 'renew', answer),
	expired: (answer) => fails(waking(step(after(OPEN, GRANTED), { type: 'tick' }, 90_000).state), 'renew', answer),
	acquiring: (answer) => fails(after(OPEN), 'acquire', answer),
	'acquiring, typed': (answer) => fails(step(initial({ ttl: 60, lockOn: 'change' }), { type: 'change' }, 1000).state, 'acquire', answer),
};

test('a form that waits for its lock says so, also one with text; the first change does not wait', () => {
	assert.equal(words(after(OPEN)), 'Locking…');
	assert.equal(words(after(OPEN, GRANTED, { type: 'change' }, NEWS, looked(null), { type: 'again' })), 'Locking…');
	assert.equal(say(step(initial({ lockOn: 'change' }), { type: 'change' }, 1000).state), null);
});

test('a lock that is not renewed, or not got, says why, what becomes of it, and what can be done', () => {
	const reasons = [
		[NO_ANSWER, 'The server cannot be reached.', 'wake'],
		[PROXY, 'The server cannot be reached. A proxy or another server answered in its place, with status 502.', 'wake'],
		[DOWN, 'The database is not available.', 'wake'],
		[WRITTEN, 'Another transaction is writing this. Another transaction is writing the row.', 'wake'],
		[SIGNED_OUT, 'You are signed out.', 'signIn'],
		[BERTS, 'Bert Brandt is signed in in this browser.', 'signIn'],
	];
	for (const [answer, why, action] of reasons) {
		const goesOn = action === 'signIn' ? 'Sign in to edit. This page then continues by itself.' : 'The page keeps trying.';
		assert.equal(words(failing.held(answer)), `${why} Your lock lasts another 1 minute.`);
		assert.equal(buttons(failing.held(answer)), action === 'signIn' ? 'signIn' : '');
		assert.equal(words(failing.expired(answer)), `Your lock has ended. ${why} ${goesOn}`);
		assert.equal(words(failing.acquiring(answer)), `${why} ${goesOn}`);
		assert.equal(words(failing['acquiring, typed'](answer)), `${why} ${goesOn}`);
		for (const phase of ['expired', 'acquiring', 'acquiring, typed']) assert.equal(buttons(failing[phase](answer)), action, phase);
	}
});

test('a refusal says why', () => {
	const why = 'Not allowed. Permission denied for table article.';
	assert.equal(words(failing.held(FORBIDDEN)), `The server refuses to renew your lock. ${why} Your lock lasts another 1 minute.`);
	assert.equal(words(failing.acquiring(FORBIDDEN)), `This row cannot be locked. ${why}`);
	const standby = { status: 403, problem: { type: 'urn:locking:problem:read-only', sqlstate: '25006', detail: 'cannot execute INSERT in a read-only transaction' } };
	assert.match(words(failing.acquiring(standby)), /^This row cannot be locked\. The database is read-only\. Cannot execute INSERT/);
	assert.match(words(failing.acquiring({ status: 403, problem: {} })), /Not allowed\.$/, 'also without words of the server');
});

test('a page without the lock that is signed out offers to sign in; what failed there says why', () => {
	const blocked = after({ type: 'open', lock: CARLA });
	assert.equal(words(fails(waking(blocked), 'look', SIGNED_OUT)), 'You are signed out. Sign in to edit. This page then continues by itself.');
	const gone = lost(CARLA, { cause: 'taken_over', by: BERT });
	assert.equal(words(fails(waking(gone), 'look', SIGNED_OUT)), 'Bert Brandt has taken over. Carla Conti is editing this. You are signed out.');
	assert.equal(buttons(fails(waking(gone), 'look', SIGNED_OUT)), 'signIn');
	const takeover = step(blocked, { type: 'takeOver', reason: null }, 1000).state;
	assert.match(words(fails(takeover, 'takeOver', DOWN)), /^Carla Conti is editing this .* The database is not available\.$/);
	assert.equal(words(failing.held(NO_ANSWER), { problem: NO_ANSWER }), words(failing.held(NO_ANSWER)), 'once');
});

test('a page that cannot start says why', () => {
	const start = (fault, reason) => words(initial({}), { fault, reason });
	assert.equal(start('unanswered', NO_ANSWER.problem), 'locks.example.org does not answer. You can edit as soon as it does.');
	assert.equal(start('unanswered', PROXY.problem), 'locks.example.org does not answer. A proxy or another server answered in its place, with status 502. You can edit as soon as it does.');
	assert.equal(start('unanswered', { ...DOWN.problem, status: 503 }), 'This page cannot lock its row. The database is not available.');
});
