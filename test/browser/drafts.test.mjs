// Renewals and drafts are independent: a draft that cannot be kept says so at
// its field, and everything else goes on.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';
import { Wire } from './lib/wire.mjs';

const scene = stage('browser_drafts', {
	sql: `SELECT locking.protect('proposal', ttl => '9 s', warning => '4 s'); ALTER DATABASE browser_drafts SET locking.max_draft_size = '2 MB'`,
});
const ROW = '2';
const draftOf = async (site) => JSON.parse((await site.sql(`SELECT data FROM locking.draft WHERE key = '${ROW}'`)) || 'null');
const lockedUntil = (site) => site.sql(`SELECT extract(epoch FROM expires_at) FROM locking.locks WHERE key = '${ROW}'`);

/** The lock outlives its first term, while the page is used. */
async function isRenewed(anna, site) {
	const before = Number(await lockedUntil(site));
	await eventually(async () => {
		await anna.page.keyboard.press('Shift');
		assert.ok(Number(await lockedUntil(site)) > before + 4);
	});
	await anna.seesLock('mine');
}

scene('a draft holds the changes, and not the values before', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`UPDATE proposal SET reasons = repeat('the former text. ', 33824) WHERE id = ${ROW}`);
	await anna.edits('proposal', ROW);
	await anna.input('reasons').press('Control+Home');
	await anna.page.keyboard.type('Mine: ');
	await anna.sees('Draft saved');
	assert.equal((await draftOf(site)).values.reasons.length, 575_008 + 6);
	assert.equal(await site.sql(`SELECT length(data::text) < 580000 FROM locking.draft WHERE key = '${ROW}'`), 't');
	await anna.press('Save and keep editing');
	await eventually(async () => assert.equal(await site.sql(`SELECT left(reasons, 9) FROM proposal WHERE id = ${ROW}`), 'Mine: the'));
	await anna.press('Cancel');
	await site.sql(`UPDATE proposal SET reasons = 'short' WHERE id = ${ROW}`);
});

scene('a text that is too long for a draft is told at its field; the others are kept, the lock too', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(422, /draft$/);
	await anna.edits('proposal', ROW);
	await anna.input('title').fill('A title that is kept');
	await anna.input('reasons').evaluate((input) => input.focus());
	await anna.page.keyboard.insertText('x');
	await anna.field('reasons').getByRole('button', { name: 'Several lines' }).click().catch(() => {});
	await anna.input('reasons').fill('long '.repeat(500_000));
	await anna.field('reasons').getByText('Too long to be kept as a draft').waitFor();
	await eventually(async () => assert.deepEqual((await draftOf(site))?.values, { title: 'A title that is kept' }));
	assert.equal(await anna.field('title').locator('.field-note').isVisible(), false);
	await isRenewed(anna, site);
	await anna.press('Save and keep editing');
	await eventually(async () => assert.equal(await site.sql(`SELECT length(reasons), title FROM proposal WHERE id = ${ROW}`), '2500000|A title that is kept'));
	await anna.field('reasons').getByText('Too long').waitFor({ state: 'hidden' });
	await anna.input('reasons').fill('short again');
	await anna.sees('Draft saved');
	assert.deepEqual((await draftOf(site)).values, { reasons: 'short again' });
	await anna.press('Save and keep editing');
	await eventually(async () => assert.equal(await site.sql(`SELECT reasons FROM proposal WHERE id = ${ROW} AND length(reasons) < 100`), 'short again'));
});

for (const [what, text] of [['NUL', 'a\0b'], ['half of a character', 'a\ud83db']])
	scene(`${what} is told at its field, by the draft and by the save`, async ({ site, invite }) => {
		const anna = await invite('anna');
		await anna.edits('proposal', ROW);
		const before = await site.sql(`SELECT proposal FROM proposal WHERE id = ${ROW}`);
		await anna.input('short_name').evaluate((input, value) => {
			input.focus();
			input.value = value;
			input.dispatchEvent(new Event('input', { bubbles: true }));
		}, text);
		await anna.input('title').fill(`kept beside ${what}`);
		await anna.field('short_name').getByText('Not kept as a draft').waitFor();
		await eventually(async () => assert.deepEqual((await draftOf(site))?.values, { title: `kept beside ${what}` }));
		await isRenewed(anna, site);
		await anna.press('Save and keep editing');
		await anna.field('short_name').locator('.field-error').filter({ visible: true }).waitFor();
		assert.equal(await site.sql(`SELECT proposal FROM proposal WHERE id = ${ROW}`), before);
		await anna.press('Short name: changed, undo');
		await anna.field('short_name').getByText('Not kept').waitFor({ state: 'hidden' });
		await anna.press('Save and keep editing');
		await eventually(async () => assert.equal(await site.sql(`SELECT title FROM proposal WHERE id = ${ROW}`), `kept beside ${what}`));
		await anna.press('Cancel');
	});

scene('refused renewals and drafts (413, 422, 403, 401) are no lost lock', async ({ site, invite }) => {
	const anna = await invite('anna');
	const problem = (status, type) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ type: `urn:locking:problem:${type}`, title: 'refused', status, detail: 'by the test' }) });
	for (const [status, type] of [[413, 'too-large'], [422, 'invalid'], [403, 'forbidden'], [403, 'csrf']])
		for (const path of ['lock', 'draft']) {
			anna.expects(status, /(lock|draft)$/);
			await anna.edits('proposal', ROW);
			await anna.page.route(`**/rows/${ROW}/${path}`, (route) => (route.request().method() === 'PUT' ? route.fulfill(problem(status, type)) : route.continue()));
			const refused = anna.page.waitForResponse((answer) => answer.status() === status);
			await anna.input('title').fill(`typed in spite of ${status} ${type} ${path}`);
			await refused;
			assert.equal(await site.sql(`SELECT owner FROM locking.locks WHERE key = '${ROW}'`), 'anna');
			assert.ok(await anna.input('title').isEditable());
			assert.equal(await anna.page.locator('.lock-bar').getByText('lost').count(), 0);
			await anna.page.unroute(`**/rows/${ROW}/${path}`);
			await anna.press('Save and keep editing');
			await eventually(async () => assert.equal(await site.sql(`SELECT title FROM proposal WHERE id = ${ROW}`), `typed in spite of ${status} ${type} ${path}`));
			await anna.press('Cancel');
			await anna.page.waitForURL(/proposal$/);
		}
});

scene('a draft that is slow delays no renewal', async ({ site, invite }) => {
	const wire = await Wire.lay(site);
	const anna = await invite('anna');
	await anna.page.goto(`${wire.address}/tables/proposal/${ROW}`);
	await anna.seesLock('mine');
	const letThrough = wire.holdBack(/\/draft$/);
	await anna.input('title').fill('a slow draft');
	await isRenewed(anna, site);
	letThrough();
	await anna.sees('Draft saved');
	await wire.remove();
});
