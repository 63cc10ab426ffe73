// The client of the API, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, timeoutOf } from '../../contrib_web/static/js/client/api.js';

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
