// The client of the API, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, isOutage, timeoutOf } from '../../contrib_web/static/js/client/api.js';
import { faultOf } from '../../contrib_web/static/js/client/fault.js';
import { sendOnce } from '../../contrib_web/static/js/client/once.js';
import { explain } from '../../contrib_web/static/js/model/problem.js';

/** Timers by a clock that only the test moves. */
class Clock {
	#now = 0;
	#timers = new Map();

	constructor({ mock }) {
		mock.method(globalThis, 'setTimeout', (act, wait) => {
			const timer = Symbol('timer');
			this.#timers.set(timer, { at: this.#now + wait, act });
			return timer;
		});
		mock.method(globalThis, 'clearTimeout', (timer) => this.#timers.delete(timer));
	}

	/** Lets time pass, and what follows from it happen. */
	async pass(time) {
		for (const end = this.#now + time; this.#now < end; this.#now += 1000) {
			for (const [timer, { at, act }] of this.#timers) if (at <= this.#now && this.#timers.delete(timer)) act();
			for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => { setImmediate(resolve); });
		}
	}
}

/** A server that answers in parts, each after a pause. */
function answersSlowly({ mock }, parts, pause) {
	mock.method(globalThis, 'fetch', async (url, { signal }) => {
		const body = new ReadableStream({
			start(stream) {
				signal.addEventListener('abort', () => stream.error(signal.reason));
				const send = ([part, ...rest]) => setTimeout(() => {
					if (signal.aborted) return;
					stream.enqueue(new TextEncoder().encode(part));
					if (rest.length) send(rest);
					else stream.close();
				}, pause);
				send(parts);
			},
		});
		return new Response(body, { headers: { 'Content-Type': 'application/json' } });
	});
}
const PARTS = ['{"a":', ' [1,', ' 2]', '}'];

test('an answer may take long as long as its parts come', async (t) => {
	const clock = new Clock(t);
	answersSlowly(t, PARTS, timeoutOf() - 1000);
	const answer = new Api('').get('/long');
	await clock.pass(5 * timeoutOf());
	assert.deepEqual((await answer).data, { a: [1, 2] });
});

test('an answer of which no further part comes in time is none', async (t) => {
	const clock = new Clock(t);
	answersSlowly(t, PARTS, timeoutOf() + 1000);
	const answer = assert.rejects(new Api('').get('/long'), { status: 0 });
	await clock.pass(5 * timeoutOf());
	await answer;
});

const page = (status) => new Response('<!DOCTYPE html><title>Sign in</title>', { status, headers: { 'Content-Type': 'text/html' } });
const json = (data, status = 200) => new Response(JSON.stringify(data), { status, headers: { 'Content-Type': 'application/json' } });
const problem = (status, kind) =>
	new Response(JSON.stringify({ type: `urn:locking:problem:${kind}`, status }), { status, headers: { 'Content-Type': 'application/problem+json' } });
const nothing = () => new Response(null, { status: 204 });

/** A server. `answer` gets method, path below the API and headers. */
const answers = ({ mock }, answer) =>
	mock.method(globalThis, 'fetch', async (url, { method = 'GET', headers }) => answer(method, url.replace('/api/v1', ''), headers));

/** The events of an API, by name. */
function eventsOf(api) {
	const events = [];
	for (const type of ['signedout', 'otheruser', 'session', 'outage']) api.addEventListener(type, () => events.push(type));
	return events;
}

test('what a proxy, a portal or a sign-on page answers in place of locking-web is no answer', async (t) => {
	const foreign = [page(502), page(504), page(404), page(200), json({ message: 'no route' }, 404), json({ message: 'no upstream' }, 503), new Response('', { status: 200 })];
	for (const response of foreign) {
		answers(t, () => response);
		const api = new Api('');
		const events = eventsOf(api);
		const error = await api.put('/tables/a/rows/1/lock', {}).then(() => assert.fail(`${response.status}`), (refused) => refused);
		assert.equal(error.status, 0);
		assert.ok(isOutage(error));
		assert.deepEqual(events, ['outage']);
		assert.equal(await faultOf(error, 'https://locks.example.org'), 'unanswered');
		assert.deepEqual(explain(error.status, error.problem), {
			title: 'The server cannot be reached', advice: 'Check the connection.',
			detail: `A proxy or another server answered in its place, with status ${response.status}.`,
		});
	}
	answers(t, () => page(200));
	await assert.rejects(new Api('').download('/tables/a/csv'), { status: 0 });
});

test('answers of locking-web, and refusals of a proxy, are what they say', async (t) => {
	for (const response of [problem(404, 'not-found'), problem(503, 'unavailable'), problem(500, 'internal'), page(413), page(403), page(429)]) {
		answers(t, () => response);
		await assert.rejects(new Api('').put('/tables/a/rows/1/lock', {}), { status: response.status });
	}
	answers(t, nothing);
	assert.equal((await new Api('').get('/session')).data, null);
	answers(t, () => new Response('a,b', { headers: { 'Content-Type': 'text/csv; charset=utf-8; header=present' } }));
	assert.equal(await (await new Api('').download('/tables/a/csv')).text(), 'a,b');
});

test('a save whose answer was lost stays unknown while a proxy answers in its place', async (t) => {
	const clock = new Clock(t);
	const replies = [page(502), page(404), page(200), page(403), problem(503, 'busy'), json({ row: 1 })];
	answers(t, () => replies.shift());
	const told = [];
	const app = Object.assign(new EventTarget(), { api: new Api('') });
	const save = sendOnce(app, { key: '"k"', method: 'PUT', path: '/tables/a/rows/1', body: {} }, { onUnknown: ({ status }) => told.push(status), signal: new AbortController().signal });
	await clock.pass(60_000);
	assert.deepEqual((await save).data, { row: 1 });
	assert.deepEqual(told, [0, 0, 0, 403, 503]);
});

const ANNA = { owner: 'anna', csrf: 'first' };
/** A server that knows the second session only, which `begin` answers. */
const restarted = (t, begin) => answers(t, (method, path, headers) => {
	if (path.startsWith('/session')) return begin();
	return headers['X-CSRF-Token'] === 'second' ? json({ seconds_left: 60 }) : problem(401, 'unauthenticated');
});
const renewing = () => {
	const api = new Api('');
	api.adopt(ANNA);
	return { api, events: eventsOf(api), renewal: api.put('/tables/a/rows/1/lock', {}) };
};

test('a session that has ended is begun anew where a proxy signs users in, and the request sent again', async (t) => {
	restarted(t, () => json({ owner: 'anna', csrf: 'second' }));
	const { events, renewal } = renewing();
	assert.deepEqual((await renewal).data, { seconds_left: 60 });
	assert.deepEqual(events, ['session']);
});

test('so is it for a download', async (t) => {
	let isBegun = false;
	answers(t, (method, path) => {
		isBegun ||= path.startsWith('/session');
		if (path.startsWith('/session')) return json(ANNA);
		return isBegun ? new Response('a,b', { headers: { 'Content-Type': 'text/csv' } }) : problem(401, 'unauthenticated');
	});
	const api = new Api('');
	api.adopt(ANNA);
	assert.equal(await (await api.download('/tables/a/csv')).text(), 'a,b');
});

test('without another session the user is signed out, which is told once', async (t) => {
	for (const begin of [nothing, () => problem(401, 'unauthenticated')]) {
		restarted(t, begin);
		const { events, renewal } = renewing();
		await assert.rejects(renewal, { status: 401 });
		assert.deepEqual(events, ['signedout']);
	}
	restarted(t, () => json({ owner: 'bert', csrf: 'second' }));
	const { events, renewal } = renewing();
	await assert.rejects(renewal, { status: 403 });
	assert.deepEqual(events, ['otheruser']);
});

test('a wrong password is not tried again', async (t) => {
	const { mock } = answers(t, () => problem(401, 'sign-in-failed'));
	const api = new Api('');
	api.adopt(ANNA);
	await assert.rejects(api.post('/session', { role: 'anna', password: 'wrong' }), { status: 401 });
	assert.equal(mock.callCount(), 1);
});
