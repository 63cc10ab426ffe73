/**
 * Every page of locking-web, and every state of a page that looks different:
 * how it is reached. looks.mjs checks each of them.
 *
 * Each function gets the cast, and may return the person whose page shows the
 * state; otherwise it is carla's. Texts are taken from the catalogue, so that
 * the states are reached in any language. Others act by SQL. Each state has a
 * row of its own, since a draft may remain.
 *
 * @typedef {object} Cast
 * @property {import('./site.mjs').Site} site
 * @property {import('./person.mjs').Person} carla an administrator, in a tab
 *   of her own
 * @property {(role: string|null, options?: object) => Promise<object>} invite
 * @property {(key: string, values?: object) => string} t
 */
const ESSAY = ['The first paragraph stays as it is.', 'The second one has a quick fox.', 'The third one has a lazy dog.', 'The last one ends the text.'];
const essay = (...changes) => changes.reduce((text, [from, to]) => text.replace(from, to), ESSAY.join('\n'));
const quoted = (value) => `E'${value.replaceAll('\n', '\\n')}'`;

/** The tables of the states, besides those of data.sql. */
export const SQL = `
	CREATE TABLE essay (id integer PRIMARY KEY, title text, body text);
	INSERT INTO essay VALUES (1, 'On foxes', ${quoted(essay())});
	CREATE TABLE warned (id integer PRIMARY KEY, title text);
	CREATE TABLE brief (id integer PRIMARY KEY, title text);
	INSERT INTO warned VALUES (1, 'A lock that is about to end');
	INSERT INTO brief VALUES (1, 'A lock that has ended');
	CREATE TABLE barren (id integer PRIMARY KEY, title text);
	CREATE TABLE a_table_with_an_unusually_long_name_for_its_few_short_columns (
		an_identifier_that_is_longer_than_its_values integer PRIMARY KEY,
		"numéro d'enregistrement au répertoire" text UNIQUE, measurement_in_thousands double precision, is_reviewed boolean);
	INSERT INTO a_table_with_an_unusually_long_name_for_its_few_short_columns VALUES (1, 'A label that is long enough to be cut off in narrow windows, wherever it is shown', 1234567.891, true);
	CREATE TABLE various (id integer PRIMARY KEY, name text NOT NULL, code uuid, amount numeric, is_shown boolean, day date, moment timestamptz, clock time,
		span interval, words text[], days date[], data jsonb, range int4range, stage stage, bytes bytea, doubled numeric GENERATED ALWAYS AS (amount * 2) STORED, country text REFERENCES country);
	INSERT INTO various VALUES (1, 'One of each type', '6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a02', 1234567.5, true, '2026-11-30', '2026-11-30 10:15:00+01', '09:30',
		'1 day 02:00', '{one,two,three}', '{2026-01-01,2026-02-02}', '{"a": [1, 2, {"b": null}]}', '[1,5)', 'under review', '\\x00ff10', DEFAULT, 'IS');
	GRANT SELECT, INSERT, UPDATE, DELETE ON essay, warned, brief, barren, various, a_table_with_an_unusually_long_name_for_its_few_short_columns TO anna, bert, carla;
	GRANT pg_monitor TO carla, locking_web;
	DO $$BEGIN EXECUTE format('ALTER ROLE bert IN DATABASE %I SET default_transaction_read_only = on', current_database()); END$$;
	SELECT locking.protect(t) FROM (VALUES ('essay'::regclass), ('barren'), ('various'), ('a_table_with_an_unusually_long_name_for_its_few_short_columns')) v (t);
	SELECT locking.protect('warned', ttl => '10 min', warning => '1 s');
	SELECT locking.protect('brief', ttl => '2 s', warning => '1 s');`;
/** Of two tables, pages keep their locks only while they are used. */
export const OPTIONS = ['--idle-limit', 'public.warned=0', '--idle-limit', 'public.brief=0'];

/* What others do */

const asBert = (site, sql) => site.sql(`SET SESSION AUTHORIZATION bert; ${sql}`);
const bertLocks = (site, table, key, note = 'regions are being redrawn, this takes until noon') => asBert(site, `SELECT locking.acquire('${table}', '${key}', '1 hour', note => '${note}')`);
const bertRequests = (site, table, key, message = 'only a comma, please') => asBert(site, `SELECT locking.request('${table}', '${key}', '${message}')`);
const bertTakesOver = (site, table, key) => site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('${table}', '${key}', 'goes to print tonight', '1 hour')`);
const meanwhile = (site, table, key, write) => site.sql(`
	SELECT locking.break_lock('${table}', '${key}', 'meanwhile');
	SELECT locking.set_owner('bert', 'Bert Brandt', false);
	SELECT locking.acquire('${table}', '${key}');
	${write};
	SELECT locking.release_all();`);

/* What the person does */

const changes = async (person, table, key, column, text) => {
	person.expects(409, /draft$/); // the lock may end while it is typed
	await person.edits(table, key);
	await person.input(column).fill(text);
};
const opens = async (person, path, selector) => {
	await person.open(path);
	await person.page.locator(selector).first().waitFor();
};
const opensMenu = (person, name) => person.page.locator('summary').filter({ hasText: name }).click();
/** Requests of a method are held up, and not answered. */
const holdsUp = (person, method, path) => person.page.route(path, (route) => (route.request().method() === method ? undefined : route.continue()));
const cutsOff = async (person) => {
	person.expects(0);
	await person.page.route('**/api/**', (route) => route.abort());
};
const presses = (person, name) => person.button(name).click();
const asks = async (person, t) => {
	await presses(person, t('action.request_'));
	await person.dialog().getByRole('textbox').fill('only a comma');
	await person.dialog().getByRole('button', { name: t('action.request'), exact: true }).click();
	await person.page.locator('.lock-says').getByText(t('queue.asked').slice(0, 20)).waitFor();
};

/** States of the pages besides the edit page. */
export const pages = {
	async 'sign-in'({ invite }) {
		const stranger = await invite(null);
		stranger.expects(401, /session$/);
		await opens(stranger, '/signin', 'input[name="role"]');
		return stranger;
	},
	async 'sign-in refused'({ invite, t }) {
		const stranger = await invite(null);
		stranger.expects(401, /session$/);
		await opens(stranger, '/signin', 'input[name="role"]');
		await stranger.page.locator('input[name="role"]').fill('anna');
		await presses(stranger, t('action.sign_in'));
		await stranger.page.locator('.field-error:not([hidden])').waitFor();
		return stranger;
	},
	tables: ({ carla }) => opens(carla, '/tables', 'tbody tr'),
	async 'tables of a reader'({ invite }) {
		const dora = await invite('dora');
		await opens(dora, '/tables', 'tbody tr');
		return dora;
	},
	async 'tables, one not enforced'({ site, carla }) {
		await site.sql('ALTER TABLE language DISABLE TRIGGER "~locking_guard"');
		await opens(carla, '/tables', '.chip.bad, .chip.warn');
		await site.sql('ALTER TABLE language ENABLE TRIGGER "~locking_guard"');
	},
	async 'dialog: protect a table'({ carla, t }) {
		await opens(carla, '/tables', 'tbody tr');
		await carla.page.getByRole('button', { name: t('text.labelled', { label: t('protect.protect') }) }).last().click();
		await carla.dialog().waitFor();
	},
	async 'dialog: settings of a table'({ site, carla, t }) {
		await site.sql('ALTER TABLE subdivision OWNER TO carla');
		await opens(carla, '/tables', 'tbody tr');
		await carla.page.getByRole('row').filter({ has: carla.page.locator('a[href$="/subdivision"]') }).getByRole('button', { name: t('protect.settings') }).click();
		await carla.dialog().waitFor();
	},
	async 'dialog: unprotect a table'({ site, carla, t }) {
		await site.sql(`SELECT locking.protect('note')`);
		await opens(carla, '/tables', 'tbody tr');
		await carla.page.getByRole('row').filter({ has: carla.page.locator('a[href$="/note"]') }).getByRole('button', { name: t('protect.settings') }).click();
		await presses(carla, t('protect.unprotect_'));
		await carla.page.locator('dialog[data-dialog="unprotect"]').waitFor();
		await site.sql(`SELECT locking.unprotect('note')`);
	},
	async overview({ site, carla }) {
		await bertLocks(site, 'country', 'IS');
		await opens(carla, '/overview', 'tbody tr');
	},
	async 'overview with charts'({ carla }) {
		const counters = { live_locks: 12, longest_held: 5400, acquisitions: 1234, refused_acquisitions: 5, takeovers: 3, breaks: 1, expiries: 9, resumptions: 4, lost: 2, since: '2026-11-29T08:00:00Z' };
		const sample = (minute, writes) => ({ at: new Date(Date.UTC(2026, 10, 29, 8, minute)).toISOString(), tables: [{ table: 'public.country', ...counters, refused_writes: writes, takeovers: Math.floor(writes / 9) }], gate: { enabled: true, filled: true, slots: 64, occupied: 0, overflowed: 0 } });
		const now = sample(200, 80);
		Object.assign(now.tables[0], { name: 'country', guarded: true });
		await carla.page.route('**/api/v1/overview', (route) => route.fulfill({ json: { now, samples: Array.from({ length: 40 }, (_, i) => sample(i * 5, i * 2)), sessions: 3, streams: 2 } }));
		await opens(carla, '/overview', 'svg.bars');
	},
	list: ({ carla }) => opens(carla, '/tables/country?q=an', 'tbody tr'),
	async 'list with locks'({ site, carla }) {
		for (const key of ['IS', 'IE']) await bertLocks(site, 'country', key);
		await site.sql(`SET SESSION AUTHORIZATION carla; SELECT locking.acquire('country', 'GB', '1 hour')`);
		await carla.open('/tables/country?q=land');
		await carla.seesRow('IS', 'theirs');
	},
	async 'list with a tip'({ site, carla }) {
		await bertLocks(site, 'country', 'IS');
		await carla.open('/tables/country?q=iceland');
		await carla.row('IS').locator('lock-holder button').hover();
		await carla.page.getByRole('tooltip').waitFor();
	},
	'list of many columns': ({ carla }) => opens(carla, '/tables/proposal', 'tbody tr'),
	'list of long names': ({ carla }) => opens(carla, '/tables/a_table_with_an_unusually_long_name_for_its_few_short_columns', 'tbody tr'),
	async 'list, the choice of columns'({ carla, t }) {
		await opens(carla, '/tables/proposal', 'tbody tr');
		await opensMenu(carla, t('list.columns'));
	},
	async 'list, the choice of a filter'({ carla, t }) {
		await opens(carla, '/tables/proposal', 'tbody tr');
		await opensMenu(carla, t('list.filter'));
		await carla.page.locator('.menu-form select').nth(1).selectOption('null');
		await carla.page.locator('.menu-form select').nth(1).selectOption({ index: 0 });
	},
	'list, filtered': ({ carla }) => opens(carla, '/tables/subdivision?filter={"country":"BE"}', 'tbody tr'),
	'list without results': ({ carla }) => opens(carla, '/tables/country?q=nothing%20like%20this', '.empty'),
	'list of no rows': ({ carla }) => opens(carla, '/tables/barren', '.empty'),
	'list of a table without protection': ({ carla }) => opens(carla, '/tables/note', 'tbody tr'),
	async 'list that is loading'({ carla }) {
		await holdsUp(carla, 'GET', '**/rows?*');
		await opens(carla, '/tables/country', '.loading');
	},
	async 'list that cannot be read'({ carla }) {
		await opens(carla, '/tables/country?q=iceland', 'tbody tr');
		await cutsOff(carla);
		await carla.page.getByRole('searchbox').first().fill('alg');
		await carla.page.locator('.banner.bad, .empty, .toast').first().waitFor();
	},
	async 'page that cannot be read'({ carla }) {
		carla.expects(503);
		await carla.page.route('**/api/v1/locks*', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { type: 'unavailable', title: 'Service Unavailable', status: 503, detail: 'the database cannot be reached' } }));
		await opens(carla, '/locks', '.empty');
	},
	async locks({ site, carla }) {
		await bertLocks(site, 'country', 'IS');
		await bertLocks(site, 'a_table_with_an_unusually_long_name_for_its_few_short_columns', '1');
		await opens(carla, '/locks', 'tbody tr');
	},
	async 'locks, two chosen'({ site, carla, t }) {
		for (const key of ['IS', 'IE']) await bertLocks(site, 'country', key);
		await opens(carla, '/locks', 'tbody tr');
		await carla.page.getByLabel(t('select.all')).check();
	},
	async 'dialog: remove a lock'({ site, carla, t }) {
		await bertLocks(site, 'country', 'IS');
		await carla.open('/tables/country?q=iceland');
		await presses(carla, t('lock.unlock', { who: 'Bert Brandt' }));
		await carla.dialog().waitFor();
	},
	async 'dialog: remove several locks'({ site, carla, t }) {
		for (const key of ['IS', 'IE']) await bertLocks(site, 'country', key);
		await opens(carla, '/locks', 'tbody tr');
		await carla.page.getByLabel(t('select.all')).check();
		await presses(carla, t('select.remove', { n: 2 }));
		await carla.dialog().waitFor();
	},
	async 'dialog: release a lock'({ site, carla, t }) {
		await site.sql(`SET SESSION AUTHORIZATION carla; SELECT locking.acquire('country', 'IE', '1 hour')`);
		await carla.open('/tables/country?q=ireland');
		await presses(carla, t('lock.release_own'));
		await carla.dialog().waitFor();
	},
	'no locks': ({ carla }) => opens(carla, '/locks', '.empty'),
	async history({ site, carla }) {
		await bertTakesOver(site, 'country', 'IT');
		await site.endLocks();
		await opens(carla, '/history', 'tbody tr');
	},
	'no history': ({ carla }) => opens(carla, '/history?q=nothing%20like%20this', '.empty'),
	async 'my drafts'({ site, carla }) {
		await site.sql(`SET SESSION AUTHORIZATION carla;
			SELECT locking.save_draft_of('country', 'GE', '{"values": {"name": "x", "official_name": "y"}, "label": "Georgia"}');
			SELECT locking.save_draft_of('a_table_with_an_unusually_long_name_for_its_few_short_columns', '1', jsonb_build_object('values', jsonb_build_object('measurement_in_thousands', client), 'label', 'A long label of the row of the draft'), client) FROM unnest('{early,late}'::text[]) client`);
		await opens(carla, '/drafts', 'tbody tr');
	},
	async 'dialog: discard a draft'({ site, carla }) {
		await site.sql(`SET SESSION AUTHORIZATION carla; SELECT locking.save_draft_of('country', 'GE', '{"values": {"name": "x"}, "label": "Georgia"}')`);
		await opens(carla, '/drafts', 'tbody tr');
		await carla.page.locator('tbody tr .bad').first().click();
		await carla.dialog().waitFor();
	},
	async 'no drafts'({ invite }) {
		const dora = await invite('dora');
		await opens(dora, '/drafts', '.empty');
		return dora;
	},
	sessions: ({ carla }) => opens(carla, '/sessions', 'tbody tr'),
	async 'an unknown table'({ carla }) {
		carla.expects(404, /no_such_table/);
		await opens(carla, '/tables/no_such_table', '.empty');
	},
	async 'an unknown address'({ carla }) {
		carla.expects(404, /nowhere/);
		await opens(carla, '/nowhere', '.empty');
	},
	/** The last one, since the server is stopped. */
	async 'not live'({ site, carla }) {
		carla.expectsStop();
		await opens(carla, '/tables/country?q=iceland', 'tbody tr');
		await site.stopServer();
		await carla.page.locator('.live[data-state="off"]').waitFor();
	},
};

/** States of the edit page and of a new row. */
export const rows = {
	'new row': ({ carla }) => opens(carla, '/new/proposal', 'value-field'),
	async 'new row with complaints'({ carla, t }) {
		await opens(carla, '/new/country', 'value-field');
		await carla.input('name').fill('x');
		await carla.page.keyboard.press('Control+s');
		await carla.sees(t('column.required'));
	},
	mine: ({ carla }) => carla.edits('country', 'AD'),
	'mine, of every type': ({ carla }) => carla.edits('various', '1'),
	'mine, of long names': ({ carla }) => carla.edits('a_table_with_an_unusually_long_name_for_its_few_short_columns', '1'),
	async 'mine, changed'({ carla }) {
		await changes(carla, 'proposal', '2', 'title', '');
		await carla.page.locator('.form-actions button[value="save"]:enabled, .form-actions button[value="keep"]:enabled').first().waitFor();
	},
	async 'mine, more actions'({ carla, t }) {
		await carla.edits('country', 'AD');
		await carla.page.setViewportSize({ width: 390, height: 844 });
		await presses(carla, t('action.more'));
	},
	async 'mine, with a colleague'({ invite, carla }) {
		await carla.edits('country', 'AE');
		const anna = await invite('anna');
		await anna.open('/tables/country/AE');
		await anna.seesLock('theirs');
		await carla.page.locator('.people-here .people li').first().waitFor({ state: 'attached' });
	},
	async 'mine, saved'({ carla, t }) {
		await changes(carla, 'country', 'AF', 'official_name', 'The saved republic');
		await presses(carla, t('action.save_and_keep'));
		await carla.page.locator('.toast').waitFor();
	},
	async 'mine, complaints'({ carla, t }) {
		await carla.edits('proposal', '1');
		await carla.input('votes').fill('many');
		await carla.page.keyboard.press('Control+s');
		await carla.sees(t('column.integer'));
	},
	async 'mine, refused by the database'({ carla, t }) {
		carla.expects(422);
		await changes(carla, 'country', 'AG', 'alpha_3', 'DEU');
		await presses(carla, t('action.save_and_keep'));
		await carla.page.locator('.notes .banner.bad, .field-error:visible').first().waitFor();
	},
	async 'mine, a choice'({ carla }) {
		await carla.edits('proposal', '3');
		await carla.field('country').getByRole('combobox').click();
		await carla.field('country').getByRole('option').first().waitFor();
	},
	async 'not locked yet'({ invite }) {
		const anna = await invite('anna');
		await anna.context.addInitScript(() => localStorage.setItem('locking.lockOn', 'change'));
		await anna.open('/tables/country/AI');
		await anna.seesLock('quiet');
		return anna;
	},
	'not protected': ({ carla }) => opens(carla, '/tables/note/1', 'value-field'),
	async saving({ carla, t }) {
		carla.expects(0);
		await changes(carla, 'country', 'AL', 'name', 'Albania, slowly');
		await holdsUp(carla, 'PUT', '**/rows/AL');
		await presses(carla, t('action.save_and_keep'));
		await carla.page.locator('.progress').getByText(/\d/).waitFor();
	},
	async 'saved or not'({ carla, t }) {
		carla.expects(0);
		await changes(carla, 'country', 'AM', 'name', 'Armenia, perhaps');
		await carla.page.route('**/rows/AM', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
		await presses(carla, t('action.save_and_keep'));
		await carla.sees(t('unknown.title'));
	},
	async offline({ carla }) {
		await changes(carla, 'country', 'AO', 'name', 'Angola, offline');
		await cutsOff(carla);
		await carla.page.evaluate(() => dispatchEvent(new Event('online')));
		await carla.seesLock('warn');
	},
	async warned({ carla }) {
		await changes(carla, 'warned', '1', 'title', 'Slowly typed');
		await carla.seesLock('warn');
	},
	async expired({ carla }) {
		await changes(carla, 'brief', '1', 'title', 'Too slowly typed');
		await carla.seesLock('expired');
	},
	async 'requested by two'({ site, carla }) {
		await changes(carla, 'country', 'AQ', 'name', 'The white continent');
		await bertRequests(site, 'country', 'AQ');
		await site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.request('country', 'AQ', 'The flag is wrong, and there are two more things to be corrected as soon as it is possible')`);
		await carla.page.locator('.askers li').nth(1).waitFor();
	},
	async 'requested, and soon handed over'({ site, invite, t }) {
		const anna = await invite('anna');
		anna.expects(0);
		await anna.page.clock.install();
		await anna.edits('country', 'AR');
		await bertRequests(site, 'country', 'AR');
		await anna.page.locator('.notes').getByText('Bert Brandt').first().waitFor();
		await anna.page.clock.runFor(66_000);
		await anna.page.locator('.notes').getByText(t('request.giving_at', { who: 'Bert Brandt', when: '' }).slice(0, 25)).waitFor();
		return anna;
	},
	async 'handed over'({ site, carla, t }) {
		await carla.edits('country', 'AS');
		await bertRequests(site, 'country', 'AS');
		await presses(carla, t('action.hand_over'));
		await carla.seesLock('theirs');
	},
	async theirs({ site, carla }) {
		await bertLocks(site, 'country', 'AT');
		await carla.open('/tables/country/AT');
		await carla.seesLock('theirs');
	},
	async 'theirs, requested'({ site, carla, t }) {
		await bertLocks(site, 'country', 'AU');
		await site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.request('country', 'AU', 'first')`);
		await carla.open('/tables/country/AU');
		await carla.seesLock('theirs');
		await asks(carla, t);
	},
	async 'theirs, idle'({ invite, carla, t }) {
		const anna = await invite('anna');
		anna.expects(0);
		await anna.page.clock.install();
		await anna.edits('country', 'AW');
		await carla.open('/tables/country/AW');
		await carla.page.locator('.people-here .people li').first().waitFor({ state: 'attached' });
		await anna.page.clock.runFor(125_000);
		await carla.sees(t('holder.idle', { who: 'Anna Albers', since: '\n' }).split('\n')[0]);
	},
	async 'theirs, declined'({ site, carla, t }) {
		await bertLocks(site, 'country', 'AZ');
		await carla.open('/tables/country/AZ');
		await asks(carla, t);
		await asBert(site, `SELECT locking.decline('country', 'AZ', 'carla', 'I need it until noon')`);
		await carla.sees('I need it until noon');
	},
	async free({ site, carla }) {
		await bertLocks(site, 'country', 'BA');
		await carla.open('/tables/country/BA');
		await carla.seesLock('theirs');
		await site.endLocks();
		await carla.seesLock('free');
	},
	async 'my turn'({ site, carla, t }) {
		await bertLocks(site, 'country', 'BB');
		await carla.open('/tables/country/BB');
		await asks(carla, t);
		await site.sql(`RESET locking.hand_over_time; SET SESSION AUTHORIZATION bert; UPDATE country SET name = 'Barbados of Bert' WHERE alpha_2 = 'BB'; SELECT locking.hand_over(token) FROM locking.locks WHERE key = 'BB'`);
		await carla.seesLock('mine');
	},
	async 'theirs, by the parent'({ site, carla }) {
		await bertLocks(site, 'country', 'BE');
		await carla.open('/tables/subdivision/BE-BRU');
		await carla.page.locator('.notes').getByText('Bert Brandt').waitFor();
	},
	async 'in another tab'({ site, carla }) {
		await site.sql(`SET SESSION AUTHORIZATION carla; SELECT locking.acquire('country', 'BF', '1 hour')`);
		await carla.open('/tables/country/BF');
		await carla.seesLock('theirs');
	},
	async lost({ site, carla }) {
		await changes(carla, 'country', 'BG', 'name', 'Bulgaria of Carla');
		await bertTakesOver(site, 'country', 'BG');
		await carla.seesLock('bad');
		await carla.sees('goes to print tonight');
	},
	async 'lost, and free'({ site, carla, t }) {
		await changes(carla, 'country', 'BH', 'name', 'Bahrain of Carla');
		await meanwhile(site, 'country', 'BH', `UPDATE country SET official_name = 'Bahrain of Bert' WHERE alpha_2 = 'BH'`);
		await carla.button(t('action.lock_and_save')).waitFor();
	},
	async gone({ site, carla }) {
		carla.expects(404);
		await site.sql(`INSERT INTO barren VALUES (1, 'Soon gone') ON CONFLICT DO NOTHING`);
		await changes(carla, 'barren', '1', 'title', 'Typed in time');
		await site.sql(`SELECT locking.break_lock('barren', '1', 'gone'); DELETE FROM barren`);
		await carla.seesLock('bad');
	},
	async 'read only'({ invite }) {
		const dora = await invite('dora');
		await opens(dora, '/tables/country/BI', 'value-field');
		return dora;
	},
	async 'read-only database'({ invite }) {
		const bert = await invite('bert'); // see SQL
		await opens(bert, '/tables/country/BJ', 'value-field');
		return bert;
	},
	async 'drafts offered'({ site, carla }) {
		await site.sql(`SET locking.owner = 'carla'; SELECT locking.save_draft_of('country', 'BN', jsonb_build_object('values', jsonb_build_object('name', 'Brunei of ' || client, 'official_name', 'the same')), client) FROM unnest('{one,another}'::text[]) client`);
		await carla.edits('country', 'BN');
		await carla.page.locator('.draft-offers li').nth(1).waitFor();
	},
	async 'dialog: compare a draft'({ site, carla, t }) {
		await site.sql(`SET locking.owner = 'carla'; SELECT locking.save_draft_of('country', 'BO', '{"values": {"name": "Bolivia of Carla", "official_name": "The Plurinational State"}}', 'one')`);
		await carla.edits('country', 'BO');
		await presses(carla, t('action.compare'));
		await carla.dialog().waitFor();
	},
	async 'dialog: compare and merge'({ site, carla, t }) {
		await site.sql(`UPDATE essay SET body = ${quoted(essay())}`);
		await changes(carla, 'essay', '1', 'body', essay(['quick', 'slow'], ['lazy', 'busy']));
		await meanwhile(site, 'essay', '1', `UPDATE essay SET body = ${quoted(essay(['first', '1st'], ['lazy', 'sleepy'], ['ends', 'closes']))} WHERE id = 1`);
		await presses(carla, t('action.compare_and_copy'));
		await carla.page.locator('.merging-difference').first().waitFor();
	},
	async 'dialog: others changed the same'({ site, carla, t }) {
		await changes(carla, 'country', 'BQ', 'name', 'Bonaire of Carla');
		await meanwhile(site, 'country', 'BQ', `UPDATE country SET name = 'Bonaire of Bert' WHERE alpha_2 = 'BQ'`);
		await presses(carla, t('action.start'));
		await carla.dialog().waitFor();
	},
	async 'dialog: take over'({ site, carla, t }) {
		await bertLocks(site, 'country', 'BR');
		await carla.open('/tables/country/BR');
		await presses(carla, t('action.take_over_'));
		await carla.dialog().waitFor();
	},
	async 'dialog: request'({ site, carla, t }) {
		await bertLocks(site, 'country', 'BS');
		await carla.open('/tables/country/BS');
		await presses(carla, t('action.request_'));
		await carla.dialog().waitFor();
	},
	async 'dialog: decline'({ site, carla, t }) {
		await carla.edits('country', 'BT');
		await bertRequests(site, 'country', 'BT');
		await presses(carla, t('action.decline_'));
		await carla.dialog().waitFor();
	},
	async 'dialog: leave'({ carla, t }) {
		await changes(carla, 'country', 'BV', 'name', 'Bouvet of Carla');
		await presses(carla, t('action.cancel'));
		await carla.dialog().waitFor();
	},
	async 'dialog: delete'({ carla, t }) {
		await carla.edits('country', 'BW');
		await presses(carla, t('action.delete'));
		await carla.dialog().waitFor();
	},
	async 'dialog: sign out'({ carla, t }) {
		carla.expects(0, /draft$/);
		await carla.page.route('**/draft', (route) => (route.request().method() === 'GET' ? route.continue() : route.abort()));
		await carla.edits('country', 'BY');
		await carla.input('name').fill('Only on this computer');
		await presses(carla, t('action.sign_out'));
		await presses(carla, t('action.keep_draft'));
		await carla.page.locator('[data-dialog="sign-out"]').waitFor();
	},
	async 'signed out'({ invite }) {
		const anna = await invite('anna');
		await changes(anna, 'country', 'BZ', 'name', 'Belize of Anna');
		anna.expects(401);
		await anna.context.clearCookies();
		await anna.page.keyboard.press('Control+s');
		await anna.page.locator('.sign-in-panel').waitFor();
		return anna;
	},
	async 'another user signed in'({ invite }) {
		const anna = await invite('anna');
		await changes(anna, 'country', 'CA', 'name', 'Canada of Anna');
		for (const status of [401, 403, 409]) anna.expects(status);
		await anna.context.clearCookies();
		await anna.context.request.post(`${anna.site.address}/api/v1/session`, { data: { role: 'bert', password: 'bert-password' } });
		await anna.page.keyboard.press('Control+s');
		await anna.page.locator('.sign-in-panel').waitFor();
		return anna;
	},
	async 'with rows that belong to it'({ carla }) {
		await carla.open('/tables/country/LI');
		await carla.page.locator('.child-rows li').first().waitFor();
	},
};
