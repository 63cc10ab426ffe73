// Texts of the pages in each language. test/lint/texts.mjs checks the
// catalogues themselves.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { currentLanguage, languageOf, languages, loadTexts, partsOf, setTexts, t } from '../../contrib_web/static/js/lang/texts.js';
import { brief } from '../../contrib_web/static/js/model/format.js';
import { detailOf, explain, reasonOf } from '../../contrib_web/static/js/model/problem.js';
import { about, ago, briefDuration, duration, exactMoment, moment, several, stillLocked, totalRows } from '../../contrib_web/static/js/model/text.js';

after(() => loadTexts(['en']));

/** ICU's versions differ in which blank is before a unit. */
const plain = (text) => text.replace(/\s/g, ' ');
const inEach = async (expected, act) => {
	for (const [language, text] of Object.entries(expected)) {
		await loadTexts([language]);
		assert.equal(plain(act()), plain(text), language);
	}
};

test('the first language that there is; else English', async () => {
	assert.deepEqual([...languages], ['en', 'de', 'fr', 'nl']);
	assert.equal(languageOf(['es', 'de-AT', 'fr']), 'de');
	assert.equal(languageOf(['NL']), 'nl');
	assert.equal(languageOf(['es', 'den']), 'en');
	assert.equal(languageOf([]), 'en');
	await loadTexts(['es']);
	assert.equal(currentLanguage(), 'en');
	assert.equal(t('tables.title'), 'Tables');
});

test('numbers, plural forms, dates and durations are those of the language', async () => {
	const rows = (n) => () => totalRows({ count: n, is_estimate: false, more: false });
	await inEach({ en: '1 row', de: '1 Datensatz', fr: '1 ligne', nl: '1 rij' }, rows(1));
	await inEach({ en: '0 rows', de: '0 Datensätze', fr: '0 ligne', nl: '0 rijen' }, rows(0));
	await inEach({ en: '12,345 rows', de: '12.345 Datensätze', fr: '12 345 lignes', nl: '12.345 rijen' }, rows(12345));
	await inEach({ en: 'about 3 rows', de: 'etwa 3 Datensätze' }, () => totalRows({ count: 3, is_estimate: true, more: false }));
	await inEach({ en: 'about 2,000', de: 'etwa 2.000' }, () => about(2000));
	await inEach({ en: '1 minute', de: '1 Minute', fr: '1 minute', nl: '1 minuut' }, () => duration(60));
	await inEach({ en: '45 seconds', de: '45 Sekunden', fr: '45 secondes', nl: '45 seconden' }, () => duration(45));
	await inEach({ en: 'ever', de: 'unbegrenzt', fr: 'une durée illimitée', nl: 'onbeperkt' }, () => duration(Infinity));
	await inEach({ en: '2 h', de: '2 h', fr: '2 h', nl: '2 u' }, () => briefDuration(7200));
	await inEach({ en: '3 hours ago', de: 'vor 3 Stunden', fr: 'il y a 3 heures', nl: '3 uur geleden' }, () => ago(3 * 3600));
	await inEach({ en: 'Anna, Bert, and Carla', de: 'Anna, Bert und Carla', fr: 'Anna, Bert et Carla', nl: 'Anna, Bert en Carla' }, () => several(['Anna', 'Bert', 'Carla']));
	for (const [language, shape] of [['de', /^Di\., 3\. Nov\., \d\d:\d\d$/], ['fr', /^mar\. 3 nov\., \d\d:\d\d$/], ['nl', /^di 3 nov,? \d\d:\d\d$/]]) {
		await loadTexts([language]);
		assert.match(moment('2026-11-03T12:00:00Z', new Date('2026-11-23T12:00:00Z')), shape);
		assert.match(exactMoment('2026-11-03T12:00:00Z'), /2026.*:\d\d/);
	}
});

test('values of lists are written as in the language', async () => {
	const column = { references: null, key: false };
	await inEach({ en: '1,234,567.5', de: '1.234.567,5', nl: '1.234.567,5' }, () => brief({ ...column, category: 'number' }, '1234567.5'));
	await inEach({ de: '31. Dez. 2026', fr: '31 déc. 2026', nl: '31 dec 2026' }, () => brief({ ...column, category: 'date' }, '2026-12-31'));
	await inEach({ en: 'Yes', de: 'Ja', fr: 'Oui', nl: 'Ja' }, () => brief({ ...column, category: 'boolean' }, 'true'));
});

test('names and elements take the places of a message, whatever they contain', async () => {
	await loadTexts(['de']);
	assert.equal(t('lock.by', { who: '{who} $& \\1' }), 'Gesperrt von {who} $& \\1');
	const element = { nodeType: 1 };
	assert.deepEqual(partsOf('lock.by', { who: element }), ['Gesperrt von ', element]);
	assert.deepEqual(partsOf('form.held', { who: element }), [element, ' bearbeitet diesen Datensatz']);
	assert.throws(() => t('no.such'), TypeError);
	const lock = { owner: 'bert', owner_name: 'Bert', is_mine: false };
	await inEach({ de: 'Noch 29 Minuten von Bert gesperrt', nl: 'Nog 29 minuten vergrendeld door Bert' }, () => stillLocked(lock, 29 * 60));
	await inEach({ de: 'Noch 29 Minuten von Ihnen gesperrt', fr: 'Verrouillée par vous, encore 29 minutes' }, () => stillLocked({ ...lock, is_mine: true }, 29 * 60));
});

test('errors are told by their type; what a value\'s SQLSTATE means comes before the server\'s words', async () => {
	const taken = { type: 'urn:locking:problem:invalid', sqlstate: '23505', column: 'name', detail: 'duplicate key value' };
	await inEach({ en: 'Duplicate key value.', de: 'Diesen Wert gibt es schon (duplicate key value).', nl: 'Deze waarde bestaat al (duplicate key value).' }, () => explain(422, taken).detail);
	await inEach({ de: 'No such colour.' }, () => explain(422, { ...taken, column: undefined, detail: 'no such colour' }).detail);
	await inEach({ de: 'Datenbank', en: 'database' }, () => explain(503, {}).title.match(/database|Datenbank/)[0]);
	await inEach({ fr: 'Verrouillée par Bert' }, () => explain(423, { type: 'urn:locking:problem:locked', lock: { owner: 'Bert', seconds_left: 5 } }).title);
});

/** The problems that the server sends: status and name, from its source. */
const PROBLEMS = [...readFileSync(new URL('../../contrib_web/src/http/problem.c', import.meta.url), 'utf8').matchAll(/\{(\d{3}), "([\w-]+)", "/g)]
	.map(([, status, name]) => [Number(status), `urn:locking:problem:${name}`]);

test('every problem of the server is told in each language; the server\'s English words are an addition', async () => {
	assert.ok(PROBLEMS.length > 20);
	const words = 'Some words of the server.';
	await loadTexts(['en']);
	const english = PROBLEMS.map(([status, type]) => explain(status, { type, status, title: 'T', detail: words, owner: 'bert' }));
	for (const [i, { title, detail }] of english.entries()) {
		assert.notEqual(title, t('problem.failed'), `${PROBLEMS[i][1]} has its own text`);
		assert.equal(detail, words);
	}
	for (const language of ['de', 'fr', 'nl']) {
		await loadTexts([language]);
		for (const [i, [status, type]] of PROBLEMS.entries()) {
			const problem = { type, status, title: 'T', detail: words, owner: 'bert' };
			const { title, detail, advice } = explain(status, problem);
			assert.notEqual(title, english[i].title, `${type} in ${language}`);
			assert.ok(advice === '' || advice !== english[i].advice, `${type} in ${language}`);
			assert.ok(['', `(${words})`].includes(detail), `${type} in ${language}: ${detail}`);
			assert.ok(reasonOf({ status, problem }).startsWith(title), `${type} in ${language}: ${reasonOf({ status, problem })}`);
			assert.equal(detailOf({ ...problem, column: 'name' }), `${t('problem.value')} (${words})`);
			assert.equal(explain(status, { ...problem, sqlstate: 'P0001' }).detail, words, 'the database speaks its own language');
		}
	}
});

test('the server does not call the database unavailable if it says why not', async () => {
	const type = 'urn:locking:problem:unavailable';
	await inEach({ en: 'The server cannot do this now', de: 'Der Server kann das gerade nicht ausführen' }, () => explain(503, { type, detail: 'The server is shutting down.' }).title);
	await inEach({ en: 'The database is not available', nl: 'De database is niet beschikbaar' }, () => explain(503, { type, sqlstate: '57P01' }).title);
});

test('why there was no answer is in the language of the page, so without parentheses', async () => {
	for (const language of languages) {
		await loadTexts([language]);
		const detail = t('problem.foreign', { status: 502 });
		assert.match(detail, / 502$/);
		assert.equal(explain(0, { title: t('problem.no_answer'), detail }).detail, `${detail}.`);
	}
});

test('an application has words of its own', async () => {
	await loadTexts(['nl']);
	setTexts({ 'form.mine': 'Ga uw gang.', 'rows.count': { one: '{n} artikel', other: '{n} artikelen' } });
	assert.equal(t('form.mine'), 'Ga uw gang.');
	assert.equal(t('rows.count', { n: 2 }), '2 artikelen');
	assert.equal(t('form.free'), 'De rij is nu vrij.', 'the others stay');
});
