// A page of django-locking behind an authenticating proxy: what its script
// requests, by XMLHttpRequest, is all that the page does.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';
import { Wire } from './lib/wire.mjs';

const scene = stage('browser_django', {
	sql: `CREATE TABLE news_story (id integer PRIMARY KEY, title text);
		INSERT INTO news_story SELECT n, 'Story ' || n FROM generate_series(1, 3) n;
		SELECT locking.protect('news_story', ttl => '10 min');
		GRANT SELECT, UPDATE ON news_story TO locking_web;
		GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO locking_web`,
	options: ['--user-header', 'X-Remote-User', '--trusted-proxy', '127.0.0.1', '--ajax-ttl', '6'],
});

// is_locked, then lock; unlock in a synchronous request while it is left.
const PAGE = `<!DOCTYPE html>
<html lang="en">
<title>Change story</title>
<link rel="icon" href="data:,">
<input id="title" disabled>
<script src="/admin/ajax/variables.js"></script>
<script>
	function call(name, then, isLeaving) {
		var request = new XMLHttpRequest();
		request.open('GET', locking.base_url + location.pathname.slice(locking.admin_url.length) + name + '/?_=' + Date.now(), !isLeaving);
		request.setRequestHeader('X-Requested-With', 'XMLHttpRequest');
		request.onload = function () { if (then) then(request); };
		request.send();
	}
	call('is_locked', function (answer) {
		if (JSON.parse(answer.responseText).applies) return;
		call('lock', function (lock) {
			document.getElementById('title').disabled = lock.status !== 200;
			addEventListener('unload', function () { try { call('unlock', null, true); } catch (blocked) { /* by the browser */ } });
		});
	});
</script>`;

const lock = (site, id) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'news_story'::regclass AND key = '${id}'`);

scene('the page locks its row, keeps it while it is open, and not for long when it is left', async ({ site, invite }) => {
	const wire = await Wire.lay(site, { 'x-remote-user': 'eve@example.org' });
	try {
		const eve = await invite(null);
		eve.expectsWords(/Synchronous XMLHttpRequest/);
		eve.expects(0);
		await eve.page.route('**/admin/news/story/1/', (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
		await eve.page.goto(`${wire.address}/admin/news/story/1/`);
		await eventually(async () => assert.equal(await eve.page.locator('#title').isEnabled(), true));
		assert.equal(await eve.page.evaluate(() => globalThis.locking.time_until_expiration), 600, 'the page knows its table\'s time');
		assert.equal(await lock(site, 1), 'eve@example.org');
		await eventually(async () => assert.equal(await site.sql(`SELECT renewed_at > acquired_at + interval '6 s' FROM locking.locks WHERE key = '1'`), 't', 'the lock outlives its first time'));
		assert.equal(await site.sql(`SELECT count(*) FROM locking.history WHERE key = '1'`), '1', 'it is the same lock');
		await eve.page.goto('about:blank');
		await eventually(async () => assert.equal(await lock(site, 1), ''));
		assert.equal(await site.sql(`SELECT expires_at - renewed_at <= interval '6.1 s' FROM locking.lock WHERE key = '1' UNION ALL SELECT true LIMIT 1`), 't');
	} finally {
		await wire.remove();
	}
});
