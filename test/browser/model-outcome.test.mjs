// What an answer says about a write; names of browsers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserName } from '../../contrib_web/static/js/model/browser.js';
import { isDecided, isSessionGone, mayBeExecuted } from '../../contrib_web/static/js/model/outcome.js';

const answer = (status, kind) => ({ status, problem: kind ? { type: `urn:locking:problem:${kind}` } : {} });

test('a write may have been executed if nothing came back, or not from the write itself', () => {
	for (const unknown of [answer(0), answer(500), answer(502), answer(503, 'unavailable'), answer(504)]) assert.ok(mayBeExecuted(unknown), JSON.stringify(unknown));
	for (const failed of [answer(503, 'timeout'), answer(503, 'busy'), answer(503, 'exhausted'), answer(500, 'internal'), answer(422, 'invalid'), answer(409, 'lost'), answer(401), answer(429, 'too-many')])
		assert.ok(!mayBeExecuted(failed), JSON.stringify(failed));
});

test('the answer to a repetition decides if it comes from the write itself', () => {
	for (const decided of [answer(422, 'invalid'), answer(409, 'lost'), answer(423, 'locked'), answer(403, 'forbidden'), answer(404, 'not-found'), answer(410, 'gone')])
		assert.ok(isDecided(decided), JSON.stringify(decided));
	for (const open of [answer(0), answer(401), answer(403, 'csrf'), answer(403, 'other-user'), answer(429), answer(408), answer(403, 'read-only'), answer(503, 'busy'), answer(503, 'timeout'), answer(503, 'unavailable'), answer(403), answer(404), answer(413)])
		assert.ok(!isDecided(open), JSON.stringify(open));
});

test('a session is gone if it ended or is another user\'s', () => {
	assert.deepEqual([answer(401), answer(403, 'csrf'), answer(403, 'other-user'), answer(403, 'forbidden'), answer(0)].map(isSessionGone), [true, true, true, false, false]);
});

test('browsers have short names', () => {
	const names = {
		'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0': 'Firefox on Linux',
		'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0': 'Edge on Windows',
		'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15': 'Safari on macOS',
		'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36': 'Chrome on Android',
		'curl/7.88.1': 'curl',
		'': 'Unknown program',
	};
	for (const [agent, name] of Object.entries(names)) assert.equal(browserName(agent), name);
	assert.equal(browserName(null), 'Unknown program');
});
