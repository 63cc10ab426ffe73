// Text from users and from the database is never read as markup. The
// Content-Security-Policy is off here, so that a script would run.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

/**
 * Markup that runs a script if it is read as such, as content or as an
 * attribute's value. It reports `where` it was.
 */
const evil = (where) => `"'><img src=x onerror="pwned('${where}')"><svg onload="pwned('${where}')"></svg></textarea></title><script>pwned('${where}')</script><b onfocus="pwned('${where}')" autofocus tabindex=0>${where}`;
/**
 * The same for names: at most 63 bytes, without quotes.
 */
const evilName = (where) => `<img src=x onerror=pwned(\`${where}\`)>`;
const literal = (text) => `'${text.replaceAll("'", "''")}'`;
const name = (where) => `"${evilName(where)}"`;

const ROLE = evilName('role');
const TABLE = `${name('schema')}.${name('table')}`;
const PARENT = `${name('schema')}.${name('parent')}`;
const KEYS = [1, 2, 3, 4, 5, 6].map((n) => evil(`key ${n}`));

const scene = stage('browser_markup', {
	sql: `
		CREATE ROLE "${ROLE}" LOGIN PASSWORD ${literal(`${ROLE}-password`)};
		COMMENT ON ROLE "${ROLE}" IS ${literal(evil('comment on role'))};
		CREATE SCHEMA ${name('schema')};
		CREATE TYPE ${name('type')} AS ENUM (${literal(evilName('enum 1'))}, ${literal(evilName('enum 2'))});
		CREATE TABLE ${PARENT} (id integer PRIMARY KEY, label text);
		INSERT INTO ${PARENT} VALUES (1, ${literal(evil('parent 1'))}), (2, ${literal(evil('parent 2'))});
		CREATE TABLE ${TABLE} (
			${name('key')} text PRIMARY KEY,
			${name('label')} text NOT NULL CONSTRAINT ${name('check')} CHECK (${name('label')} <> 'check'),
			${name('enum')} ${name('type')} DEFAULT ${literal(evilName('enum 1'))},
			${name('fk')} integer CONSTRAINT ${name('constraint')} REFERENCES ${PARENT},
			${name('json')} json, ${name('array')} text[], url text DEFAULT ${literal(evil('default'))});
		CREATE TABLE ${name('child')} (id integer PRIMARY KEY, row text REFERENCES ${TABLE}, label text);
		CREATE INDEX ON ${name('child')} (row);
		COMMENT ON TABLE ${TABLE} IS ${literal(evil('comment on table'))};
		COMMENT ON COLUMN ${TABLE}.${name('label')} IS ${literal(evil('comment on column'))};
		INSERT INTO ${TABLE} VALUES ${KEYS.map((key, n) => `(${literal(key)}, ${literal(evil(`label ${n + 1}`))}, ${literal(evilName('enum 2'))}, ${n % 2 + 1},
			to_json(${literal(evil('json'))}::text), ARRAY[${literal(evil('array'))}], ${literal(`javascript:pwned('url')//${evil('url')}`)})`)};
		INSERT INTO ${name('child')} VALUES (1, ${literal(KEYS[0])}, ${literal(evil('child'))});
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.${name('label')} = 'raise' THEN
				RAISE EXCEPTION USING MESSAGE = ${literal(evil('message'))}, DETAIL = ${literal(evil('detail'))}, HINT = ${literal(evil('hint'))}, ERRCODE = 'P0001';
			END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER ${name('trigger')} BEFORE UPDATE ON ${TABLE} FOR EACH ROW EXECUTE FUNCTION refuse();
		GRANT USAGE ON SCHEMA ${name('schema')} TO PUBLIC;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ${TABLE}, ${PARENT}, ${name('child')} TO anna, bert, carla, "${ROLE}";
		ALTER TABLE ${TABLE} OWNER TO carla;
		SELECT locking.protect(t) FROM (VALUES (${literal(TABLE)}::regclass), (${literal(PARENT)})) v (t);
		SELECT locking.protect(${literal(name('child'))}, parent => (SELECT conname FROM pg_constraint WHERE conrelid = ${literal(name('child'))}::regclass AND contype = 'f'))`,
});

const address = (...segments) => segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
const ROWS = address('tables', TABLE);
const rowAddress = (n) => address('tables', TABLE, KEYS[n - 1]);

/** Runs SQL as the hostile role. */
const asThem = (site, sql) => site.sql(`SET SESSION AUTHORIZATION "${ROLE}"; ${sql}`);
const acquire = (n, more = '') => `SELECT locking.acquire(${literal(TABLE)}, ${literal(KEYS[n - 1])}${more})`;

/** Elements that exist only if text was read as markup. */
const MADE = `img, iframe, object, embed, form[action], b, textarea ~ img, script:not([src]), [onerror], [onload], [onfocus], [onclick], [onmouseover], [style*="url"],
	a[href^="javascript:" i], [srcdoc], [autofocus][tabindex="0"]:not(input, textarea, button, select, h1, h2)`;

/**
 * A user whose browser ignores the Content-Security-Policy. `ran` lists the
 * scripts that ran.
 */
async function unguarded(invite, role) {
	const person = await invite(role, { bypassCSP: true });
	person.ran = [];
	await person.context.exposeBinding('pwned', (_, where) => { person.ran.push(where); });
	const watch = (page) => page.on('dialog', async (dialog) => {
		if (dialog.type() !== 'beforeunload') person.ran.push(`${dialog.type()}: ${dialog.message()}`);
		await dialog.accept();
	});
	watch(person.page);
	person.context.on('page', watch);
	return person;
}

/**
 * Waits until the texts of the places are shown, and checks that none was
 * read as markup and no script ran.
 */
async function isText(person, ...places) {
	for (const where of places) await person.sees(where);
	await person.page.waitForTimeout(50); // scripts run asynchronously
	assert.deepEqual(await person.page.evaluate((made) => [...document.querySelectorAll(made)].map(({ outerHTML }) => outerHTML), MADE), [], `markup on ${person.page.url()}`);
	assert.deepEqual(person.ran, [], `script on ${person.page.url()}`);
}

scene('control: markup that is read as such runs, and the check finds it', async ({ invite }) => {
	const anna = await unguarded(invite, 'anna');
	anna.expects(404, /\/x$/);
	await anna.open('/tables');
	await anna.sees('Protected');
	await anna.page.evaluate((html) => document.querySelector('main').insertAdjacentHTML('beforeend', html), evil('control'));
	await eventually(async () => assert.ok(anna.ran.includes('control')));
	await assert.rejects(isText(anna));
});

scene('tables and rows: names, comments, keys, labels, filters', async ({ site, invite }) => {
	const anna = await unguarded(invite, 'anna');
	await asThem(site, `${acquire(1, `, note => ${literal(evil('note'))}, client => ${literal(evil('client'))}`)}; ${acquire(2)}`);
	await anna.open('/tables');
	await isText(anna, evilName('table'), 'comment on table', evilName('child'));
	await anna.open(ROWS);
	await isText(anna, 'key 1', 'label 1', evilName('label'), evilName('enum 2'));
	const holder = anna.row(KEYS[0]).locator('lock-holder');
	await holder.getByRole('button').hover();
	await anna.page.getByRole('tooltip').waitFor();
	await isText(anna);
	await holder.locator('.holder-name').hover();
	await isText(anna, 'comment on role');
	await holder.getByRole('button').click();
	await anna.dialog().waitFor();
	await isText(anna);
	await anna.page.keyboard.press('Escape');
	const filter = JSON.stringify({ [evilName('label')]: evil('label 3') });
	for (const query of [{ q: evil('label 3') }, { filter }, { sort: evilName('label'), dir: 'desc' }, { q: evil('nothing') }]) {
		await anna.open(`${ROWS}?${new URLSearchParams(query)}`);
		await anna.page.locator('main h1').waitFor();
		await isText(anna, ...(query.q === evil('nothing') ? [] : ['label 3']));
	}
});

scene('locks and history: owners, notes, reasons, actors', async ({ site, invite }) => {
	const carla = await unguarded(invite, 'carla');
	await asThem(site, acquire(1, `, note => ${literal(evil('note'))}`));
	await site.sql(`SELECT locking.set_owner(${literal(evil('owner'))}, ${literal(evil('owner name'))}); ${acquire(2)}; ${acquire(3)};
		SELECT locking.break_lock(${literal(TABLE)}, ${literal(KEYS[2])}, ${literal(evil('reason'))})`);
	for (const query of ['', `?q=${encodeURIComponent(evilName('table'))}`, `?table=${encodeURIComponent(TABLE)}`]) {
		await carla.open(`/locks${query}`);
		await isText(carla, evilName('table'), 'label 1', 'note', 'comment on role', 'owner name');
	}
	await carla.page.getByLabel('Select all').check();
	await carla.press('Remove 2 locks…');
	await isText(carla, 'comment on role');
	await carla.answers('Cancel');
	await carla.open('/history');
	await isText(carla, 'label 3', 'reason', 'owner name', 'comment on role');
	for (const query of [{ table: TABLE, key: KEYS[2] }, { owner: evil('owner') }, { actor: evil('owner') }, { q: evil('reason') }, { q: evil('nothing') }, { table: TABLE, key: evil('none') }]) {
		await carla.open(`/history?${new URLSearchParams(query)}`);
		await carla.page.locator('main h1').waitFor();
		await isText(carla);
	}
});

scene('the form: columns, values, defaults, choices, referring rows; a new row', async ({ invite }) => {
	const anna = await unguarded(invite, 'anna');
	await anna.open(rowAddress(1));
	await anna.seesLock('mine');
	await isText(anna, evilName('label'), 'comment on column', evilName('child'));
	assert.equal(await anna.value(evilName('label')), evil('label 1'));
	assert.equal(await anna.value('url'), `javascript:pwned('url')//${evil('url')}`);
	await anna.field(evilName('fk')).getByRole('combobox').first().fill('parent');
	await isText(anna, 'parent 2');
	await anna.page.keyboard.press('Escape');
	await anna.press('Delete');
	await anna.dialog().waitFor();
	await isText(anna, evilName('child'));
	await anna.page.keyboard.press('Escape');
	await anna.press('Cancel');
	const prefilled = (more) => `${address('new', TABLE)}?${new URLSearchParams({ from: JSON.stringify({ [evilName('label')]: evil('prefilled'), ...more }) })}`;
	anna.expects(422, /rows$/);
	await anna.open(prefilled({ [evil('no column')]: 'x' }));
	await anna.field(evilName('label')).waitFor();
	await anna.input(evilName('key')).fill(evil('new key'));
	await anna.press('Save');
	await isText(anna, 'There is no column');
	await anna.open(prefilled({}));
	await anna.field(evilName('label')).waitFor();
	await isText(anna, evilName('label'));
	assert.equal(await anna.value(evilName('label')), evil('prefilled'));
	await anna.input(evilName('key')).fill(evil('new key'));
	await anna.press('Save');
	await isText(anna, 'is added.');
});

scene('a rejected save: message, detail, hint, constraint', async ({ invite }) => {
	const anna = await unguarded(invite, 'anna');
	anna.expects(422, /rows/);
	await anna.open(rowAddress(4));
	await anna.seesLock('mine');
	await anna.input(evilName('label')).fill('raise');
	await anna.press('Save');
	await isText(anna, 'message');
	await anna.input(evilName('label')).fill('check');
	await anna.press('Save');
	await anna.sees(evilName('check'));
	await isText(anna);
	await anna.input(evilName('label')).fill(evil('saved'));
	await anna.press('Save');
	await isText(anna, 'is saved.');
});

scene('requests, takeovers and removals: names, messages, reasons; comparison', async ({ site, invite }) => {
	const anna = await unguarded(invite, 'anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.open(rowAddress(5));
	await anna.seesLock('mine');
	await anna.input(evilName('label')).fill(evil('typed'));
	await asThem(site, `SELECT locking.request(${literal(TABLE)}, ${literal(KEYS[4])}, ${literal(evil('please'))})`);
	await isText(anna, 'please', 'comment on role');
	await site.sql(`SELECT locking.set_owner(${literal(evil('thief'))}, ${literal(evil('thief name'))}); SELECT locking.take_over(${literal(TABLE)}, ${literal(KEYS[4])}, ${literal(evil('why'))})`);
	await anna.seesLock('bad');
	await isText(anna, 'thief name', 'why');
	await site.sql(`UPDATE ${TABLE} SET ${name('label')} = ${literal(evil('theirs'))} WHERE ${name('key')} = ${literal(KEYS[4])}`);
	await anna.press('Compare and copy');
	await anna.dialog().waitFor();
	await isText(anna, 'typed', 'theirs');
	await anna.answers('Close');
	await site.sql(`SELECT locking.break_lock(${literal(TABLE)}, ${literal(KEYS[4])}, ${literal(evil('end'))})`);
	await anna.press('Start editing');
	await anna.sees('Others have changed the same fields');
	await isText(anna, 'theirs');
	await anna.answers('Use selected');
	await anna.press('Cancel');
});

scene('a row that the hostile role holds, and its child', async ({ site, invite }) => {
	const anna = await unguarded(invite, 'anna');
	await asThem(site, `${acquire(6, `, note => ${literal(evil('note'))}`)}; ${acquire(1)}`);
	await anna.open(rowAddress(6));
	await anna.seesLock('theirs');
	await isText(anna, 'comment on role', 'note');
	await anna.press('Request editing…');
	await anna.dialog().waitFor();
	await isText(anna);
	await anna.dialog().getByRole('textbox').fill(evil('mine'));
	await anna.answers('Request editing');
	await isText(anna, 'You have requested this row');
	await anna.open(address('tables', name('child'), '1'));
	await anna.sees('This row belongs to it');
	await isText(anna, 'comment on role', 'key 1');
});

scene('the hostile role\'s own pages and draft', async ({ site, invite }) => {
	const them = await unguarded(invite, ROLE);
	await asThem(site, `${acquire(2)}; SELECT locking.save_draft(token, ${literal(JSON.stringify({ values: { [evilName('label')]: evil('draft'), [evil('no column')]: evil('no value') }, base: { [evilName('label')]: evil('base') } }))}) FROM locking.locks WHERE key = ${literal(KEYS[1])}`);
	await site.endLocks();
	await them.open(rowAddress(2));
	await them.seesLock('mine');
	await isText(them, 'Recovered draft');
	await them.press('Compare');
	await them.dialog().waitFor();
	await isText(them, 'draft', 'label 2');
	await them.answers('Close');
	await them.press('Restore');
	await eventually(async () => assert.equal(await them.value(evilName('label')), evil('draft')));
	await isText(them);
	for (const path of ['/tables', '/locks', '/history', '/sessions', '/drafts']) {
		await them.open(path);
		await them.page.locator('main h1').waitFor();
		await isText(them, 'comment on role');
	}
});

scene('protecting a table: its name and its columns', async ({ invite }) => {
	const carla = await unguarded(invite, 'carla');
	await carla.open('/tables');
	await carla.page.getByRole('button', { name: `Settings: ${TABLE}`, exact: true }).click();
	await carla.dialog().waitFor();
	await isText(carla);
	await carla.dialog().getByRole('button', { name: 'Unprotect…' }).click();
	await isText(carla);
	await carla.answers('Cancel');
});

scene('forged events', async ({ site, invite }) => {
	const anna = await unguarded(invite, 'anna');
	const pages = [ROWS, rowAddress(1), '/locks', '/tables', '/history'];
	const tabs = [];
	for (const path of pages) {
		const tab = tabs.length === 0 ? anna : await anna.tab();
		tabs.push(tab);
		await tab.open(path);
		await tab.page.locator('main h1').waitFor();
	}
	await tabs[0].sees('Live');
	for (const event of ['acquired', 'released', 'broken', 'taken_over', 'requested', evil('event')]) {
		const forged = { event, key: KEYS[2], owner: evil('forged owner'), owner_name: evil('forged name'), reason: evil('forged reason'), expires_at: event === 'acquired' ? '2999-01-01T00:00:00Z' : evil('time') };
		await asThem(site, `SELECT pg_notify('locking', (${literal(JSON.stringify(forged))}::jsonb || jsonb_build_object('table', i.identity))::text) FROM pg_identify_object('pg_class'::regclass, ${literal(TABLE)}::regclass, 0) i`);
	}
	await tabs[4].sees('Show new events');
	for (const tab of tabs) await isText(tab);
});

scene('unknown addresses', async ({ invite }) => {
	const anna = await unguarded(invite, 'anna');
	anna.expects(404);
	anna.expects(422);
	anna.expects(400);
	for (const path of [address('tables', evil('no table')), address('tables', TABLE, evil('no row')), address('new', evil('no table')), `${ROWS}?sort=${encodeURIComponent(evil('no column'))}`,
		`${ROWS}?filter=${encodeURIComponent(JSON.stringify({ [evil('no column')]: '1' }))}`, `${ROWS}?after=${encodeURIComponent(evil('cursor'))}`, `/history?table=${encodeURIComponent(evil('no table'))}`, `/locks?table=${encodeURIComponent(evil('no table'))}`,
		`/history?event=${encodeURIComponent(evil('event'))}`, `${ROWS}#${encodeURIComponent(evil('hash'))}`, `${ROWS}#${evil('hash')}`]) {
		await anna.open(path);
		await anna.page.locator('main h1, main h2').first().waitFor();
		await isText(anna);
	}
});

scene('signing in leads neither to a script nor to another site', async ({ site, invite }) => {
	const nobody = await unguarded(invite, null);
	nobody.expects(401, /session$/);
	for (const next of [`javascript:pwned('next')`, `/\tjavascript:pwned('next')`, '//example.com/', '/\\example.com', 'data:text/html,<script>pwned(1)</script>', evil('next')]) {
		await nobody.context.clearCookies();
		await nobody.open(`/signin?${new URLSearchParams({ next })}`);
		await nobody.page.getByLabel('Name').fill(evilName('no role'));
		await nobody.page.getByLabel('Password').fill('x');
		await nobody.press('Sign in');
		await nobody.sees('Sign-in failed.');
		await isText(nobody);
		await nobody.page.getByLabel('Name').fill(ROLE);
		await nobody.page.getByLabel('Password').fill(`${ROLE}-password`);
		await nobody.press('Sign in');
		await nobody.page.locator('nav, main h1').first().waitFor();
		await nobody.page.waitForFunction(() => !location.pathname.startsWith('/signin'));
		assert.equal(new URL(nobody.page.url()).origin, new URL(site.address).origin);
		await isText(nobody);
	}
});
