/**
 * The time from the request for a lock until it is shown in another user's
 * browser.
 *
 *   node bench/client/browser_client.mjs ADDRESS TABLE EVENTS
 *
 * The users `editor` and `reader` each have a browser, `reader` with the
 * table's change list. The editor locks at most EVENTS unlocked rows of the
 * list through the API. Output: a line for each, the milliseconds from before
 * the request to after the frame in which the list shows the holder.
 */
import { Person } from '../../test/browser/lib/person.mjs';
import { launch } from '../../test/browser/lib/stage.mjs';

const [address, table, events] = process.argv.slice(2);

// Runs in the reader's page. Both browsers use the machine's clock.
function seenAt(key) {
	return new Promise((resolve) => {
		const look = () => {
			if (!document.querySelector(`tr[data-key="${key}"][data-lock="theirs"]`)) return;
			observer.disconnect();
			requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
		};
		const observer = new MutationObserver(look);
		observer.observe(document.body, { subtree: true, childList: true, attributes: true });
		look();
	});
}

// Runs in the editor's page.
async function lock(path) {
	const { csrf } = await (await fetch('/api/v1/session')).json();
	const requestedAt = Date.now();
	const { status } = await fetch(path, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf } });
	if (status !== 201) throw new Error(`${path}: status ${status}`);
	return requestedAt;
}

const browser = await launch();
try {
	const editor = await Person.enter(browser, { address }, 'editor');
	const reader = await Person.enter(browser, { address }, 'reader');
	await editor.open('/tables');
	await reader.open(`/tables/${table}`);
	await reader.sees('Live');
	const free = reader.page.locator('tr[data-lock="none"]');
	await free.first().waitFor();
	const keys = await free.evaluateAll((rows) => rows.map((row) => row.dataset.key));
	for (const key of keys.slice(0, Number(events))) {
		const seen = reader.page.evaluate(seenAt, key);
		const requestedAt = await editor.page.evaluate(lock, `/api/v1/tables/${table}/rows/${key}/lock`);
		console.log((await seen) - requestedAt);
	}
} finally {
	await browser.close();
}
