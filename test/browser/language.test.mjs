// The language of the pages and of <locking-form>: by the browser, by a
// choice, by the document.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_language', {
	sql: `CREATE TABLE measure (id integer PRIMARY KEY, name text NOT NULL UNIQUE, amount numeric, taken timestamp);
		INSERT INTO measure VALUES (1, 'first', 1234567.5, '2026-11-03 09:15:30'), (2, 'second', 2, NULL);
		GRANT SELECT, INSERT, UPDATE, DELETE ON measure TO anna, bert, carla;
		GRANT pg_monitor TO anna, locking_web;
		SELECT locking.protect('measure')`,
});

const speaks = (person, language) => person.page.locator(`html[lang="${language}"]`).waitFor();
const choose = (person, label, language) => person.page.getByRole('combobox', { name: label, exact: true }).selectOption(language);
const cells = (person, key) => person.row(key).locator('.cell').evaluateAll((all) => all.map((cell) => cell.textContent));

scene('the browser\'s language: words, dates, numbers and plurals', async ({ invite }) => {
	const anna = await invite('anna', { locale: 'de-DE' });
	await anna.open('/tables/measure');
	await speaks(anna, 'de');
	await anna.row('1').waitFor();
	assert.deepEqual(await cells(anna, '1'), ['first', '1', '1.234.567,5', '3. Nov. 2026, 09:15']);
	await anna.sees('2 Datensätze');
	assert.equal(await anna.page.title(), 'Measure · locking');
	assert.equal(await anna.page.locator('.skip-link').textContent(), 'Zum Inhalt springen');
	await anna.page.getByRole('link', { name: 'Sperren', exact: true }).click();
	await anna.sees('Nichts ist gesperrt');
	assert.equal(await anna.page.title(), 'Sperren · locking');
});

scene('two users of one row, each in a language', async ({ invite }) => {
	const [anna, bert] = [await invite('anna', { locale: 'de-AT' }), await invite('bert', { locale: 'fr-CA' })];
	await anna.edits('measure', '1');
	await anna.sees('Sie bearbeiten diesen Datensatz');
	await bert.open('/tables/measure/1');
	await speaks(bert, 'fr');
	await bert.sees('Cette ligne est en cours de modification par Anna Albers.');
	await bert.press('Demander à modifier…');
	await bert.answers('Demander à modifier');
	await anna.sees('Bert Brandt möchte diesen Datensatz bearbeiten.');
	await anna.press('Übergeben');
	await bert.sees('Vous modifiez cette ligne');
	await anna.sees('Sie haben diesen Datensatz an Bert Brandt übergeben.');
});

scene('what a value\'s error means, and the words of the database', async ({ invite }) => {
	const anna = await invite('anna', { locale: 'nl-NL' });
	anna.expects(422);
	await anna.edits('measure', '1');
	await anna.input('name').fill('second');
	await anna.press('Opslaan');
	await anna.field('name').getByText(/^Deze waarde bestaat al \(duplicate key value .*measure_name_key.*\)/).waitFor();
});

scene('a choice before signing in, which persists; and one that keeps unsaved text', async ({ invite }) => {
	const anna = await invite(null);
	await anna.open('/signin');
	await choose(anna, 'Language', 'fr');
	await anna.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
	await speaks(anna, 'fr');
	await anna.page.getByLabel('Nom').fill('anna');
	await anna.page.getByLabel('Mot de passe').fill('anna-password');
	await anna.press('Se connecter');
	await anna.page.getByRole('heading', { name: 'Tables', exact: true }).waitFor();
	await anna.page.reload();
	await speaks(anna, 'fr');
	const tab = await anna.tab();
	await tab.open('/locks');
	await tab.sees('Rien n’est verrouillé');

	await anna.edits('measure', '1');
	await anna.input('name').fill('premier');
	await choose(anna, 'Langue', 'de');
	await anna.answers('Rester');
	await speaks(anna, 'fr');
	assert.equal(await anna.value('name'), 'premier');
	await eventually(async () => assert.equal(await anna.page.getByRole('combobox', { name: 'Langue' }).inputValue(), 'fr'));
	await choose(anna, 'Langue', 'de');
	await anna.answers('Conserver un brouillon');
	await speaks(anna, 'de');
	await anna.sees(/iedergefundene/);
	await anna.sees('Sie bearbeiten diesen Datensatz');
	await anna.page.getByRole('button', { name: 'Verwerfen' }).first().click();
});

scene('a language that there is not: English, with English dates; the next preference otherwise', async ({ invite }) => {
	const anna = await invite('anna', { locale: 'es-ES' });
	await anna.open('/tables/measure');
	await speaks(anna, 'en');
	await anna.row('1').waitFor();
	assert.deepEqual(await cells(anna, '1'), ['first', '1', '1,234,567.5', 'Nov 3, 2026, 09:15 AM']);
	await anna.context.addInitScript(() => Object.defineProperty(navigator, 'languages', { value: ['es-ES', 'nl-BE', 'fr'] }));
	await anna.page.reload();
	await speaks(anna, 'nl');
	await anna.sees('Nieuwe rij');
});

scene('a language that cannot be loaded: English', async ({ invite }) => {
	const anna = await invite('anna', { locale: 'de-DE' });
	anna.expects(0, /de\.js$/);
	anna.expectsWords(/de\.js/);
	await anna.context.route('**/static/js/lang/de.js', (route) => route.abort());
	await anna.open('/tables');
	await speaks(anna, 'en');
	await anna.sees('Protected');
});

const PAGES = ['/tables', '/tables/measure', '/tables/measure/1', '/new/measure', '/tables/subdivision', '/locks', '/history', '/drafts', '/sessions', '/overview'];

for (const locale of ['de-DE', 'fr-FR', 'nl-NL'])
	scene(`no page is wider than a telephone in ${locale}, and none has barriers`, async ({ invite }) => {
		const anna = await invite('anna', { locale, viewport: { width: 320, height: 640 } });
		const bert = await invite('bert');
		await bert.edits('measure', '2');
		for (const path of [...PAGES, '/tables/measure/2']) {
			await anna.open(path);
			await anna.page.locator('main h1').waitFor({ state: 'attached' });
			await eventually(async () => assert.ok((await anna.overhang()) <= 0, `${path} is too wide`));
			assert.deepEqual(await anna.barriers(), [], path);
		}
		for (const width of [720, 960, 1100]) {
			await anna.page.setViewportSize({ width, height: 640 });
			await eventually(async () => assert.ok((await anna.overhang()) <= 0, `too wide at ${width}`));
		}
	});

/** A catalogue whose messages are marked, so that other texts stand out. */
const marked = `import en from './en.js';
	const mark = (text) => '⟦' + text + '⟧';
	export default Object.fromEntries(Object.entries(en).map(([key, message]) =>
		[key, typeof message === 'string' ? mark(message) : Object.fromEntries(Object.entries(message).map(([form, text]) => [form, mark(text)]))]));`;

/** Visible and spoken texts of the page that are in no message. */
const unmarked = (person) => person.page.evaluate(() => {
	const found = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) if (!walker.currentNode.parentElement.closest('script, noscript, [lang]:not(html), bdi, code, .who, .row-name, .key, h1, time, time-left, .person-name, .table-name')) found.push(walker.currentNode.data);
	for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]'))
		for (const name of ['aria-label', 'title', 'placeholder']) found.push(element.getAttribute(name) ?? '');
	return [...new Set(found.map((text) => text.trim()).filter((text) => /\p{L}{2}/u.test(text) && !text.includes('⟦')))];
});

/** Whether the text consists of what the API has answered, and of numbers. */
const isData = (text, answers) => text.toLowerCase().split(/ · |[()":,→]/).map((part) => part.trim()).every((part) => part === 'locking' || /\d/.test(part) || answers.includes(part));

scene('each text of the pages is in the catalogue', async ({ invite }) => {
	const anna = await invite('anna', { locale: 'de-DE' });
	await anna.context.route('**/static/js/lang/de.js', (route) => route.fulfill({ contentType: 'text/javascript', body: marked }));
	let answers = '';
	await anna.context.route('**/api/v1/**', async (route) => {
		if (route.request().url().endsWith('/events')) return route.continue();
		const response = await route.fetch();
		const answer = await response.text(); // others may be added meanwhile
		answers += answer.toLowerCase().replaceAll('_', ' ');
		return route.fulfill({ response });
	});
	const bert = await invite('bert');
	await bert.edits('measure', '2');
	const found = new Set();
	for (const path of [...PAGES, '/tables/measure/2']) {
		await anna.open(path);
		await anna.page.locator('main h1').waitFor({ state: 'attached' });
		await anna.page.locator('.loading').waitFor({ state: 'detached' });
		for (const text of await unmarked(anna)) if (!isData(text, answers)) found.add(text);
	}
	assert.deepEqual([...found], []);
	await anna.context.unrouteAll({ behavior: 'ignoreErrors' });
});

const form = (lang, script = '') => `<!DOCTYPE html><html ${lang}><meta charset="utf-8"><title>Edit</title><link rel="icon" href="data:,">
	<script type="module" src="/static/locking-form.js"></script>
	<script type="module">${script}</script>
	<div id="app"><locking-form table="measure" key="1"><form><input name="name" value="first"></form></locking-form></div>`;

scene('<locking-form>: the document\'s language, else the browser\'s; the application\'s own words', async ({ invite }) => {
	const bert = await invite('bert');
	const anna = await invite('anna', { locale: 'de-DE' });
	const shows = async (html, text) => {
		await anna.context.route('**/form.html', (route) => route.fulfill({ contentType: 'text/html', body: html }));
		await anna.open('/form.html');
		await anna.page.locator('locking-form').getByText(text).waitFor();
	};
	await shows(form('lang="nl-BE"'), 'Alleen u kunt deze rij nu bewerken.');
	await shows(form(''), 'Nur Sie können diesen Datensatz jetzt bearbeiten.');
	await shows(form('lang="es"'), 'Only you can edit this now.');
	await shows(form('lang="es"', `import { setTexts } from '/static/locking-form.js'; setTexts({ 'form.mine': 'Solo usted puede editar esto.' });`), 'Solo usted puede editar esto.');
	await anna.open('/tables');
	await bert.edits('measure', '1');
	anna.expects(423);
	await shows(form('lang="de"'), 'Bert Brandt bearbeitet diesen Datensatz');
	await anna.page.locator('locking-form').getByText(/noch \d+ Minuten, falls die Sperre nicht verlängert wird\./).waitFor();
	await anna.press('Bearbeitung anfragen');
	await anna.page.getByPlaceholder('Nachricht').waitFor();
});
