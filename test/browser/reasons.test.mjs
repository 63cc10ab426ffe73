// What a page tells of lost locks, refused saves and read-only databases is
// what happened.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_reasons', {
	sql: `
		CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
		IF NEW.official_name ~ '^[0-9A-Z]{5}$' THEN RAISE EXCEPTION 'the archive objects' USING ERRCODE = NEW.official_name; END IF;
		RETURN NEW; END$$;
		CREATE TRIGGER object BEFORE UPDATE ON country FOR EACH ROW EXECUTE FUNCTION object();
		CREATE ROLE erna LOGIN PASSWORD 'erna-password';
		GRANT ALL ON country TO erna;
		ALTER ROLE erna SET default_transaction_read_only = on;
		CREATE TABLE branch (id text PRIMARY KEY, parent text REFERENCES branch);
		INSERT INTO branch VALUES ('trunk', NULL), ('twig', 'trunk');
		SELECT locking.protect('branch');
		GRANT ALL ON branch TO anna;`,
	options: ['--lock-timeout', '1'],
});
const named = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const expire = (site, key) => site.sql(`UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE key = '${key}'`);
const token = (site, key) => site.sql(`SELECT token FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);
/** Locks a row as Bert, writes it if asked, and releases it. */
const passThrough = (site, key, write = '') => site.sql(`
	SELECT locking.set_owner('bert', 'Bert Brandt', false);
	SELECT locking.acquire('country', '${key}') AS token;
	${write}
	SELECT locking.release_all();`);

/** Makes the page renew its lock now, as after sleep. */
const renews = (person) => person.page.evaluate(() => dispatchEvent(new Event('online')));

scene('an own expiry is not told as another\'s release', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AD');
	await anna.input('name').fill('Andorra of Anna');
	await expire(site, 'AD');
	anna.expects(409, /AD\/(lock|draft)$/);
	await passThrough(site, 'AD', `UPDATE country SET name = 'Andorra of Bert' WHERE alpha_2 = 'AD';`);
	await renews(anna);
	await anna.seesLock('bad');
	await anna.sees('Your lock has expired, and Bert Brandt locked the row after you.');
	await anna.sees(/^Free now/);
	await anna.seesNo(/was released/);
	assert.equal(await anna.value('name'), 'Andorra of Anna');
	assert.equal(await named(site, 'AD'), 'Andorra of Bert');
});

scene('the end of a lock belongs to its token, whatever happened to the row later', async ({ site, invite }) => {
	const [anna, carla] = [await invite('anna'), await invite('carla')];
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'AE');
	await anna.input('name').fill('Emirates of Anna');
	await carla.open('/tables/country/AE');
	await carla.press('Take over…');
	await carla.dialog().getByLabel('Reason').fill('goes to print');
	await carla.answers('Take over');
	await carla.seesLock('mine');
	await anna.sees('Carla Conti, administrator has taken over this row.');
	await carla.press('Cancel');
	await anna.sees(/^Free now/);
	await passThrough(site, 'AE');
	await anna.sees('Reason: “goes to print”.');
	await anna.sees('Carla Conti, administrator has taken over this row.');
	await anna.seesNo(/was released/);
	assert.equal(await token(site, 'AE'), '');
});

scene('"Lock again and save" is one step, and asks only if others changed the same', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'AF');
	await anna.input('name').fill('Afghanistan of Anna');
	await site.sql(`SELECT locking.break_lock('country', 'AF', 'lunch')`);
	await anna.seesLock('bad');
	await passThrough(site, 'AF', `UPDATE country SET official_name = 'official of Bert' WHERE alpha_2 = 'AF';`);
	await anna.press('Lock again and save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT name, official_name FROM country WHERE alpha_2 = 'AF'`), 'Afghanistan of Anna|official of Bert');

	await anna.edits('country', 'AG');
	await anna.input('name').fill('Antigua of Anna');
	await site.sql(`SELECT locking.break_lock('country', 'AG', 'lunch')`);
	await anna.seesLock('bad');
	await passThrough(site, 'AG', `UPDATE country SET name = 'Antigua of Bert' WHERE alpha_2 = 'AG';`);
	await anna.press('Lock again and save');
	await anna.sees('Others have changed the same fields');
	assert.equal(await named(site, 'AG'), 'Antigua of Bert', 'nothing is overwritten without a question');
	await anna.answers('Use selected');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'AG'), 'Antigua of Anna');
});

scene('what a trigger raises is told in its words, and the lock is kept', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AI');
	const before = await token(site, 'AI');
	anna.expects(422, /rows\/AI$/);
	for (const code of ['P0002', '42P01', '55000', 'LK001', '55P03', '25006', '53100', 'P0001']) {
		await anna.input('official_name').fill(code);
		await anna.press('Save');
		await anna.sees('Not saved. The database refuses the change.');
		await anna.sees('The archive objects.');
		await anna.seesLock('mine');
		await anna.press('Close', { within: anna.page.locator('.notes') });
	}
	assert.equal(await token(site, 'AI'), before);
	assert.equal(await site.sql(`SELECT count(*) FROM country WHERE official_name ~ '^[0-9A-Z]{5}$'`), '0');
	await anna.input('official_name').fill('at last');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT official_name FROM country WHERE alpha_2 = 'AI'`), 'at last');
});

scene('a row that a trigger writes is locked: the user\'s own lock is not lost', async ({ site, invite }) => {
	await site.sql(`
		CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
		IF NEW.official_name = 'also the other' THEN UPDATE country SET official_name = 'other' WHERE alpha_2 = 'AM'; END IF; RETURN NEW; END$$;
		CREATE TRIGGER also AFTER UPDATE ON country FOR EACH ROW WHEN (NEW.alpha_2 = 'AL') EXECUTE FUNCTION also()`);
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.edits('country', 'AM');
	await anna.edits('country', 'AL');
	const before = await token(site, 'AL');
	anna.expects(423, /rows\/AL$/);
	await anna.input('official_name').fill('also the other');
	await anna.press('Save');
	await anna.sees('Not saved. Another row is locked.');
	await anna.sees(/row "AM" of table "country" is locked by Bert Brandt/i);
	await anna.seesLock('mine');
	assert.equal(await token(site, 'AL'), before);
	assert.ok(await anna.input('official_name').isEditable());
	await bert.press('Cancel');
	await bert.arrives('/tables/country');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT string_agg(official_name, ', ' ORDER BY alpha_2) FROM country WHERE alpha_2 IN ('AL', 'AM')`), 'also the other, other');
});

scene('a database that is read-only can be read, says so, and is not live', async ({ site, invite }) => {
	const erna = await invite('erna');
	await erna.open('/tables/country/AO');
	await erna.sees('The database is read-only: rows can be read, but not changed');
	assert.equal(await erna.page.locator('.live').innerText(), 'Read-only');
	assert.equal(await erna.value('name'), 'Angola');
	assert.ok(!await erna.input('name').isEditable());
	for (const name of ['Save', 'Delete']) assert.equal(await erna.button(name).filter({ visible: true }).count(), 0, name);
	await erna.open('/tables/country');
	await erna.sees('Angola');
	await erna.seesNo('New row');
	assert.equal(await token(site, 'AO'), '');
	// As if a standby were promoted
	await erna.open('/tables/country/AO');
	await erna.sees('The database is read-only: rows can be read, but not changed');
	erna.expects(503);
	await site.sql(`ALTER ROLE erna RESET default_transaction_read_only;
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'erna' AND datname = current_database()`);
	await eventually(async () => {
		await erna.page.evaluate(() => dispatchEvent(new Event('focus')));
		assert.notEqual(await erna.page.locator('.live').innerText(), 'Read-only');
	});
	await erna.seesLock('mine');
	assert.ok(await erna.input('name').isEditable());
});

scene('with the first change: the page follows what others do before it', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.context.addInitScript(() => localStorage.setItem('locking.lockOn', 'change'));
	await anna.open('/tables/country/AQ');
	await anna.seesLock('quiet');
	assert.equal(await token(site, 'AQ'), '');
	await bert.edits('country', 'AQ');
	await anna.seesLock('theirs');
	await anna.sees('This row is currently being edited by Bert Brandt.');
	assert.ok(!await anna.input('name').isEditable());
	await bert.input('name').fill('Antarctica of Bert');
	await bert.press('Save');
	await anna.seesLock('quiet');
	await eventually(async () => assert.equal(await anna.value('name'), 'Antarctica of Bert'));
	await anna.input('name').fill('Antarctica of Anna');
	await anna.seesLock('mine');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'AQ'), 'Antarctica of Anna');
});

/** Deletes a row whose deletion is refused, and checks what the page says. */
async function isNotDeleted({ site, anna }, { table, key, status, title, words }) {
	await anna.edits(table, key);
	const lock = () => site.sql(`SELECT token FROM locking.locks WHERE relation = '${table}'::regclass AND key = '${key}'`);
	const before = await lock();
	anna.expects(status, new RegExp(`rows/${key}$`));
	await anna.press('Delete');
	await anna.answers('Delete');
	await anna.sees(`Not deleted. ${title}.`);
	await anna.sees(words);
	await anna.seesNo(/[Ss]aved|You cannot save/);
	await anna.seesLock('mine');
	assert.equal(await anna.page.locator('.field-error').filter({ visible: true }).count(), 0, 'no value is wrong');
	assert.ok(await anna.button('Delete').isEnabled());
	assert.equal(await lock(), before);
}

scene('a row that others refer to is not deleted: the page says so, and blames no value', async ({ site, invite }) => {
	const anna = await invite('anna');
	const title = 'The database refuses the change';
	await isNotDeleted({ site, anna }, { table: 'country', key: 'TR', status: 422, title, words: /violates foreign key constraint .* on table "proposal"/ });
	assert.equal(await named(site, 'TR'), 'Türkiye');
	await isNotDeleted({ site, anna }, { table: 'branch', key: 'trunk', status: 422, title, words: /violates foreign key constraint/ });
	assert.equal(await site.sql('SELECT count(*) FROM branch'), '2');
});

scene('a row whose deletion would delete one that is locked is not deleted', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.edits('subdivision', 'AD-02');
	await isNotDeleted({ site, anna }, { table: 'country', key: 'AD', status: 423, title: 'Another row is locked', words: /row "AD-02" of table "subdivision" is locked by Bert Brandt/i });
	assert.equal(await site.sql(`SELECT count(*) FROM country WHERE alpha_2 = 'AD'`), '1');
	assert.equal(await site.sql(`SELECT owner FROM locking.locks WHERE key = 'AD-02'`), 'bert');
});

/** Writes a row in a transaction that stays open until it is ended. */
async function writesSlowly(site, key) {
	const psql = spawn('psql', ['-XqAt', '-d', site.database], { stdio: ['pipe', 'pipe', 'ignore'] });
	const isWritten = new Promise((resolve) => { psql.stdout.once('data', resolve); });
	psql.stdin.write(`SET locking.enforce = off; BEGIN; UPDATE country SET official_name = official_name WHERE alpha_2 = '${key}'; SELECT 'written';\n`);
	await isWritten;
	return { ends: (how) => new Promise((resolve) => { psql.once('exit', resolve).stdin.end(`${how};\n`); }) };
}

scene('a row that another transaction is writing: the page says so, and locks it after that', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(503, /AR\/lock$/);
	const writer = await writesSlowly(site, 'AR');
	await anna.open('/tables/country/AR');
	await anna.sees('Another transaction is writing this.');
	assert.ok(!await anna.input('name').isEditable());
	assert.equal(await token(site, 'AR'), '');
	await writer.ends('COMMIT');
	await anna.seesLock('mine');
	await anna.seesNo(/Another transaction/);
});

scene('a save of a row that another transaction is writing keeps text and lock', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AT');
	const before = await token(site, 'AT');
	await anna.input('name').fill('Austria of Anna');
	anna.expects(503, /AT$/);
	const writer = await writesSlowly(site, 'AT');
	await anna.press('Save');
	await anna.sees('Not saved. Another transaction is writing this.');
	await anna.seesLock('mine');
	assert.equal(await anna.value('name'), 'Austria of Anna');
	assert.equal(await token(site, 'AT'), before);
	await writer.ends('ROLLBACK');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'AT'), 'Austria of Anna');
});
