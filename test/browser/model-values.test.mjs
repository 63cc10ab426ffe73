// The pages' other pure parts: values, forms, texts, addresses, lists.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attention } from '../../contrib_web/static/js/model/attention.js';
import { complaintOf, lookUp } from '../../contrib_web/static/js/model/choice.js';
import * as arrayText from '../../contrib_web/static/js/model/array-text.js';
import { defaultText, fieldKind, hintOf, isRequired, labelOf, readOnlyReason, shown, typeLine, validationError, wrongElements } from '../../contrib_web/static/js/model/column.js';
import { entries } from '../../contrib_web/static/js/model/history.js';
import { brief, grouped } from '../../contrib_web/static/js/model/format.js';
import { initials, namesIn } from '../../contrib_web/static/js/model/people.js';
import { digest } from '../../contrib_web/static/js/model/digest.js';
import { diff } from '../../contrib_web/static/js/model/diff.js';
import * as Form from '../../contrib_web/static/js/model/form.js';
import { indented } from '../../contrib_web/static/js/model/json-text.js';
import { shownText, storedText } from '../../contrib_web/static/js/model/line-ends.js';
import { initial, step } from '../../contrib_web/static/js/model/lock-session.js';
import { firstEnd, timed } from '../../contrib_web/static/js/model/lock-time.js';
import { lockEnding } from '../../contrib_web/static/js/model/lock-ending.js';
import { isUnforeseen, isUrgent, lockedWith, lockView, looksDifferent, spoken } from '../../contrib_web/static/js/model/lock-view.js';
import { explain } from '../../contrib_web/static/js/model/problem.js';
import { parse, paths, queryText } from '../../contrib_web/static/js/model/route.js';
import { applyEvent, nextSort } from '../../contrib_web/static/js/model/row-list.js';
import { briefDuration, countdown, duration, fullName, moment, newsOfLocks, stillLocked, totalRows, whoIsEditing } from '../../contrib_web/static/js/model/text.js';
import * as timestamp from '../../contrib_web/static/js/model/timestamp.js';

const COLUMN = {
	name: 'c', type: 'text', category: 'text', values: null, integer: false, max_length: null, not_null: false, default: null,
	generated: false, identity: null, insertable: true, updatable: true, key: false, multiline: true, comment: null, references: null,
};
const column = (more) => ({ ...COLUMN, ...more });

test('arrays: conversion in both directions as PostgreSQL does it', () => {
	const cases = [
		['{}', []], ['{a}', ['a']], ['{a,b}', ['a', 'b']], ['{NULL,"NULL"}', [null, 'NULL']], ['{""}', ['']],
		['{"a b","c,d","{e}"}', ['a b', 'c,d', '{e}']], ['{"say \\"hi\\"","back\\\\slash"}', ['say "hi"', 'back\\slash']], ['{"line\nbreak",ä€😀}', ['line\nbreak', 'ä€😀']],
	];
	for (const [text, items] of cases) {
		assert.deepEqual(arrayText.parse(text), items, text);
		assert.deepEqual(arrayText.parse(arrayText.format(items)), items, `${text} and back`);
	}
	for (const text of ['', 'a', '{', '{{1,2},{3,4}}', '[2:3]={1,2}', '{a', '{a,}', '{"a}', '{a"b"}']) assert.equal(arrayText.parse(text), null, text);
});

test('arrays: other delimiters, and blanks that are content', () => {
	assert.deepEqual(arrayText.parse('{(1,1),(0,0);(2,2),(1,1)}', ';'), ['(1,1),(0,0)', '(2,2),(1,1)']);
	assert.equal(arrayText.format(['(1,1),(0,0)', 'x;y'], ';'), '{(1,1),(0,0);"x;y"}');
	for (const [text, items] of [['{\u00a0a,b\u2003}', ['\u00a0a', 'b\u2003']], ['{\u00a0}', ['\u00a0']], ['{ a , b }', ['a', 'b']], ['{ }', []], ['{"  a "}', ['  a ']]])
		assert.deepEqual(arrayText.parse(text), items, JSON.stringify(text));
	assert.deepEqual(arrayText.parseItems('{"a",\\b, c}').map(({ raw }) => raw), ['"a"', '\\b', ' c']);
});

test('line ends: an edit changes those in it alone', () => {
	const edited = (stored, from, to, typed) => {
		const shown = shownText(stored);
		return storedText(stored, shown, shown.slice(0, from) + typed + shown.slice(to), from + typed.length);
	};
	const cases = [
		['a\r\nb\rc\nd', 6, 7, 'X', 'a\r\nb\rc\nX'], ['a\r\nb\rc\nd', 0, 0, 'X', 'Xa\r\nb\rc\nd'], ['a\r\nb\r\nc', 5, 5, '\nd', 'a\r\nb\r\nc\r\nd'],
		['\r\n\n', 0, 1, '', '\n'], ['\r\n\n', 1, 2, '', '\r\n'], ['a\rb\nc', 2, 3, '', 'a\n\nc'], ['a\r\nb', 0, 3, 'x\ny', 'x\ny'], ['a\r\nb', 0, 3, '', ''],
	];
	for (const [stored, from, to, typed, expected] of cases) assert.equal(edited(stored, from, to, typed), expected, JSON.stringify([stored, from, to, typed]));
	const long = `${'line\r\n'.repeat(50_000)}end`;
	assert.equal(edited(long, 100, 100, 'X'), `${long.slice(0, 120)}X${long.slice(120)}`);
	let seed = 1;
	const random = (n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
	for (let times = 0; times < 20_000; times++) {
		const stored = Array.from({ length: random(9) }, () => ['a', 'b', '\r\n', '\r', '\n'][random(5)]).join('');
		const shown = shownText(stored);
		const from = random(shown.length + 1);
		const to = from + random(shown.length - from + 1);
		const typed = ['', 'x', '\n', 'a\nb'][random(4)];
		assert.equal(shownText(edited(stored, from, to, typed)), shown.slice(0, from) + typed + shown.slice(to), JSON.stringify([stored, from, to, typed]));
	}
});

test('timestamps: split and joined without a change', () => {
	const cases = {
		'2026-11-03 09:15:30.250001+00': { date: '2026-11-03', time: '09:15:30.250001', zone: '+00' },
		'2026-11-03T09:15:30-03:30': { date: '2026-11-03', time: '09:15:30', zone: '-03:30' },
		'2026-11-03 09:15 Europe/Berlin': { date: '2026-11-03', time: '09:15', zone: 'Europe/Berlin' },
		'2026-11-03': { date: '2026-11-03', time: '', zone: '' },
		'': { date: '', time: '', zone: '' },
	};
	for (const [text, parts] of Object.entries(cases)) assert.deepEqual(timestamp.split(text), parts, text);
	for (const text of ['infinity', '0044-03-15 12:00:00+00 BC', '12026-01-01 00:00:00', 'yesterday']) assert.equal(timestamp.split(text), null, text);
	for (const text of ['2026-11-03 09:15:00+02', '2026-11-03 09:15:00.25-03:30', '2026-11-03 09:15:00', '2026-11-03', '1850-01-01 00:53:28+00:53:28', ''])
		assert.equal(timestamp.join(timestamp.split(text)), text, 'put back, it is the same');
	assert.equal(timestamp.join({ date: '2026-11-03', time: '09:15', zone: 'Europe/Berlin' }), '2026-11-03 09:15 Europe/Berlin');
	assert.equal(timestamp.join({ date: '2026-11-03', time: '09:15', zone: 'Z' }), '2026-11-03 09:15 Z');
	assert.equal(timestamp.join({ date: '2026-11-03', time: '', zone: '+02' }), '2026-11-03 00:00+02', 'midnight in the zone that is shown');
	assert.equal(timestamp.join({ date: '', time: '', zone: '+02' }), '');
});

test('the time of a timestamp is digits', () => {
	for (const text of ['12:00', '24:00', '12:00 pm']) assert.equal(timestamp.clockComplaint(text), null, text);
	for (const text of ['noon', 'allballs', '12:3', 'x']) assert.notEqual(timestamp.clockComplaint(text), null, text);
});

test('a form whose columns are named like what every object inherits', () => {
	const names = ['constructor', 'toString', '__proto__'];
	const values = Object.fromEntries(names.map((name) => [name, 'old']));
	for (const name of names) {
		assert.equal(Form.valueOf(Form.create(), name), undefined, name);
		const form = Form.set(Form.create(values), name, 'new');
		assert.deepEqual([Form.valueOf(form, name), Object.keys(form.mine)], ['new', [name]], name);
		assert.equal(Form.isDirty(Form.set(form, name, 'old')), false, name);
		assert.deepEqual(Object.keys(Form.applyDraft(Form.create(values), Form.draftOf(form)).form.mine), [name]);
		assert.deepEqual(Form.rebase(form, values), { form, changed: [], conflicts: [] });
	}
});

test('JSON in another layout has the same numbers, keys and texts', () => {
	const text = String.raw`{"b":1.10,"a":-0,"a":[],"9":12345678901234.567,"t":true,"e":1E5,"s":"{\"x\": [1, 2]}, ü","o":{ },"l":[1,[null]]}`;
	const laidOut = indented(text);
	assert.equal(laidOut.split('\n').length, 16);
	assert.equal(laidOut.replace(/\n */g, '').replaceAll('": ', '":'), text.replaceAll('{ }', '{}').replaceAll('": ', '":'));
	assert.equal(indented('{"a":[1,{"b":2}]}'), JSON.stringify({ a: [1, { b: 2 }] }, null, 2));
	assert.equal(indented(laidOut), laidOut);
	for (const each of ['1.0', '"a b"', ' [ ] ', 'null']) assert.equal(indented(each), each.replaceAll(/ (?!b)/g, ''), each);
});

test('columns: kind of field, why not writable, description of the type', () => {
	assert.equal(fieldKind(column({ references: { name: 'country' } })), 'choice');
	assert.equal(fieldKind(COLUMN, 'short'), 'line');
	assert.equal(fieldKind(COLUMN, 'two\nlines'), 'long');
	assert.equal(fieldKind(column({ category: 'timestamptz' })), 'timestamp');
	assert.equal(fieldKind(column({ category: 'other' })), 'line');
	assert.equal(readOnlyReason(COLUMN, false), null);
	assert.match(readOnlyReason(column({ generated: true }), false), /Computed/);
	assert.match(readOnlyReason(column({ identity: 'always' }), true), /Assigned/);
	assert.match(readOnlyReason(column({ updatable: false }), false), /may not/);
	assert.equal(readOnlyReason(column({ updatable: false }), true), null);
	assert.equal(typeLine(column({ name: 'code', type: 'varchar(4)', key: true })), 'code · varchar(4) · key');
	assert.equal(shown(column({ category: 'bytea' }), '\\x0102'), '2 bytes');
});

test('columns: labels are a short comment, or the name as words; odd names stay', () => {
	const label = (name, comment = null, references = null) => labelOf({ name, comment, references });
	assert.equal(label('official_name'), 'Official name');
	assert.equal(label('alpha_2'), 'Alpha 2');
	assert.equal(label('author_id', null, { name: 'author' }), 'Author');
	assert.equal(label('author_id'), 'Author ID');
	assert.equal(label('homepage_url'), 'Homepage URL');
	for (const name of ['the Key', 'camelCase', '<b>x</b>', '_', '名前', '2nd']) assert.equal(label(name), name);
	assert.equal(label('due', 'Deadline for the decision'), 'Deadline for the decision');
	assert.equal(hintOf({ comment: 'Deadline for the decision' }), null, 'said once');
	const long = 'Share of member bodies in favour, 0 to 1';
	assert.equal(label('share', long), 'Share');
	assert.equal(hintOf({ comment: long }), long);
	assert.equal(label('n', 'Two\nlines'), 'N');
	assert.ok(isRequired(column({ not_null: true })));
	for (const given of [{ default: '1' }, { identity: 'always' }, { generated: true }]) assert.ok(!isRequired(column({ not_null: true, ...given })));
});

test('columns: only values that are certainly invalid are reported', () => {
	const integer = column({ category: 'number', integer: true });
	const decimal = column({ category: 'number' });
	const time = column({ category: 'time' });
	const good = [[time, '9:30'], [time, '09:30:15.5+02'], [time, '093015'], [time, '9:30 pm'], [time, 'allballs'], [integer, '42'], [integer, ' -7 '], [decimal, '3.14'], [decimal, '.5e-3'], [decimal, 'NaN'], [decimal, '-infinity'],
		[column({ category: 'uuid' }), '6F1C1F0E-2b55-4d0e-9a53-0c4de1a80a01'], [column({ category: 'json' }), 'null'], [column({ max_length: 2 }), '😀😀'], [COLUMN, ''], [COLUMN, null]];
	const bad = [[time, '12'], [time, '12:'], [time, '12:3'], [time, '12:30:4'], [COLUMN, 'a\0b'], [COLUMN, 'a\ud800b'], [integer, '4.2'], [integer, ''], [integer, 'NaN'], [decimal, '1,5'], [column({ category: 'uuid' }), '6f1c'], [column({ category: 'json' }), '{a: 1}'],
		[column({ max_length: 2 }), 'abc'], [column({ not_null: true }), null]];
	for (const [each, value] of good) assert.equal(validationError(each, value), null, `${each.category} ${value}`);
	for (const [each, value] of bad) assert.notEqual(validationError(each, value), null, `${each.category} ${value}`);
	assert.notEqual(validationError(column({ not_null: true }), undefined, true), null, 'required in a new row');
	assert.equal(validationError(column({ not_null: true, default: 'now()' }), undefined, true), null);
});

test('forms: only differences are sent, and undoing leaves none', () => {
	let form = Form.create({ a: '1', b: null });
	form = Form.set(form, 'a', '2');
	form = Form.set(form, 'b', '');
	assert.deepEqual(Form.changes(form), { a: '2', b: '' });
	form = Form.set(form, 'b', null);
	assert.deepEqual(Form.changes(form), { a: '2' });
	form = Form.set(form, 'a', '1');
	assert.equal(Form.isDirty(form), false);
});

test('forms: what is no value yet is a change, but not sent', () => {
	let form = Form.setUnread(Form.create({ a: '1', b: '1' }), 'a');
	assert.ok(Form.isDirty(form));
	assert.deepEqual(Form.changes(form), {});
	assert.deepEqual(Form.rebase(form, { a: '2', b: '1' }).form.unread, ['a']);
	assert.deepEqual(Form.saved(form, form, { a: '2', b: '1' }).unread, ['a']);
	form = Form.set(form, 'a', '1');
	assert.equal(Form.isDirty(form), false);
});

test('forms: what is half entered is kept by drafts, and not sent', () => {
	const base = { at: null, n: '1' };
	const half = Form.setUnread(Form.set(Form.create(base), 'n', '2'), 'at', '2026-01-15 12:3');
	assert.deepEqual(Form.changes(half), { n: '2' });
	for (const [form, name] of [[half, 'typed'], [Form.rebase(half, { at: null, n: '3' }).form, 'merged'], [Form.saved(half, half, { at: null, n: '3' }), 'saved']]) {
		assert.equal(Form.draftOf(form).values.at, '2026-01-15 12:3', name);
		assert.deepEqual(Form.unreadable(form), [], name);
	}
	const unread = Form.setUnread(half, 'at');
	assert.deepEqual(Form.draftOf(unread).values, { n: '2' }, 'the browser does not tell what is entered');
	assert.deepEqual(Form.unreadable(unread), ['at']);
	assert.deepEqual(Form.draftOf(Form.set(half, 'at', null)).values, { n: '2' }, 'cleared');
	const restored = Form.applyDraft(Form.create(base), Form.draftOf(half)).form;
	assert.notEqual(validationError(column({ category: 'timestamptz' }), Form.valueOf(restored, 'at')), null, 'reported again');
});

test('forms: others\' changes are merged, the user\'s are kept, conflicts reported', () => {
	const typed = ['a', 'b', 'c'].reduce((form, name) => Form.set(form, name, `mine ${name}`), Form.create({ a: '1', b: '1', c: '1', d: '1' }));
	const { form, changed, conflicts } = Form.rebase(typed, { a: '1', b: 'theirs', c: 'mine c', d: 'theirs' });
	assert.deepEqual(changed, ['b', 'c', 'd']);
	assert.deepEqual(conflicts, ['b']);
	assert.deepEqual(Form.changes(form), { a: 'mine a', b: 'mine b' });
	assert.equal(Form.valueOf(form, 'd'), 'theirs');
});

test('forms: input during a save is still a change', () => {
	const sent = Form.set(Form.create({ a: '1', b: '1', c: '1' }), 'a', 'mine');
	const now = Form.set(Form.set(Form.set(sent, 'b', 'later'), 'a', 'mine, later'), 'c', '1');
	const form = Form.saved(now, sent, { a: 'mine', b: '1', c: 'by a trigger' });
	assert.deepEqual(Form.changes(form), { a: 'mine, later', b: 'later' });
	assert.equal(Form.valueOf(form, 'c'), 'by a trigger');
	assert.deepEqual(Form.changes(Form.saved(Form.set(sent, 'a', '1'), sent, { a: 'mine', b: '1', c: '1' })), { a: '1' }, 'undone during the save');
	assert.equal(Form.isDirty(Form.saved(sent, sent, { a: 'mine', b: '1', c: '1' })), false);
});

test('drafts: applied to the row, with conflicts; nonsense is ignored', () => {
	const draft = Form.draftOf(Form.set(Form.set(Form.create({ a: '1', b: null }), 'a', 'mine'), 'b', 'mine'));
	assert.deepEqual(draft, { values: { a: 'mine', b: 'mine' }, base: { a: digest('1'), b: null } });
	assert.deepEqual(Form.draftOf(Form.set(Form.create({ a: '1', b: '1' }), 'a', 'mine'), (name) => name !== 'a'), { values: {}, base: {} });
	const now = Form.create({ a: 'theirs', b: null });
	assert.ok(Form.draftDiffers(now, draft));
	const { form, conflicts } = Form.applyDraft(now, draft);
	assert.deepEqual(Form.changes(form), { a: 'mine', b: 'mine' });
	assert.deepEqual(conflicts, ['a']);
	for (const nonsense of [null, 5, 'text', [], {}, { values: null }, { values: { a: 5 } }, { values: { gone: 'x' } }]) assert.equal(Form.draftDiffers(now, nonsense), false, JSON.stringify(nonsense));
});

test('differences of two texts by word, which join to the texts', () => {
	const parts = diff('the quick brown fox', 'the slow brown foxes');
	assert.deepEqual(parts.filter(({ kind }) => kind === 'gone').map(({ text }) => text), ['quick', 'fox']);
	for (const [before, after] of [['', ''], ['a', ''], ['', 'b'], ['a b c', 'c b a'], ['😀 ä', '😀 ö'], ['x '.repeat(3000), 'y']]) {
		const all = diff(before, after);
		assert.equal(all.filter(({ kind }) => kind !== 'new').map(({ text }) => text).join(''), before);
		assert.equal(all.filter(({ kind }) => kind !== 'gone').map(({ text }) => text).join(''), after);
	}
});

test('addresses: parsed back for any table and key', () => {
	for (const key of ['42', 'a/b', 'a?b#c', '%', '{a,"b c"}', 'ä😀', ' ', 'new']) {
		const { page, table, key: read } = parse(paths.row('"My Table"', key));
		assert.deepEqual([page, table, read], ['edit', '"My Table"', key], key);
	}
	assert.deepEqual(parse('/tables/t', '?q=a%20b'), { page: 'rows', table: 't', query: { q: 'a b' } });
	assert.equal(parse('/').page, 'home');
	assert.equal(parse('/new/t').key, null);
	for (const path of ['/x', '/tables/t/k/more', '/signin/x', '/new', '/tables/%ff']) assert.equal(parse(path).page, 'missing', path);
	assert.equal(queryText({ a: 1, b: '', c: null, d: undefined }), '?a=1');
});

test('lists: effects of events on the rows', () => {
	const about = { owner: 'anna', now: 0, toClock: () => 5000 };
	const rows = [{ key: '1', lock: null }, { key: '2', lock: { owner: 'bert', note: 'x', endsAt: 1 } }];
	const locked = applyEvent(rows, { event: 'acquired', table: 't', key: '1', owner: 'anna', owner_name: 'Anna', expires_at: 'later' }, about);
	assert.equal(locked.touched, '1');
	assert.deepEqual([locked.rows[0].lock.is_mine, locked.rows[0].lock.endsAt], [true, 5000]);
	assert.equal(rows[0].lock, null, 'the rows given are not changed');
	assert.equal(applyEvent(rows, { event: 'released', key: '2', owner: 'bert' }, about).rows[1].lock, null);
	assert.equal(applyEvent(rows, { event: 'released', key: '2', owner: 'carla' }, about).touched, null, 'a late event ends no newer lock');
	assert.equal(applyEvent(rows, { event: 'acquired', key: 'elsewhere', owner: 'bert' }, about).touched, null);
	assert.equal(applyEvent(rows, { event: 'changed', table: 't' }, about).unclear, true);
	assert.equal(firstEnd([null, { endsAt: 7 }, { endsAt: 3 }]), 3);
	assert.equal(firstEnd([]), Infinity);
	assert.deepEqual(timed({ key: '1', seconds_left: 2 }, 500), { key: '1', seconds_left: 2, endsAt: 2500 });
	assert.equal(timed(null, 500), null);
	assert.deepEqual(nextSort({ sort: 'a', dir: 'asc' }, 'a'), { sort: 'a', dir: 'desc' });
	assert.deepEqual(nextSort({ sort: 'a', dir: 'desc' }, 'a'), { sort: null, dir: null });
	assert.deepEqual(nextSort({ sort: 'a', dir: 'desc' }, 'b'), { sort: 'b', dir: 'asc' });
});

test('defaults: literals without quotes and types, numbers of the database, other expressions as they are', () => {
	const expressions = ["'draft'::stage", "'it''s'::character varying(20)", "nextval('note_id_seq'::regclass)", 'now()', '0', "'a'::text || 'b'::text"];
	assert.deepEqual(expressions.map(defaultText), ['default: draft', "default: it's", 'assigned by the database', 'default: now()', 'default: 0', "default: 'a'::text || 'b'::text"]);
});

test('texts about times and users', () => {
	assert.deepEqual([0, 1, 58.2, 59.2, 61, 29 * 60, 7200, 3 * 86400, NaN].map(duration), ['0 seconds', '1 second', '59 seconds', '1 minute', '2 minutes', '29 minutes', '2 hours', '3 days', 'ever']);
	assert.deepEqual([0, 5, 65, 3600, 7384].map(countdown), ['0:00', '0:05', '1:05', '1:00:00', '2:03:04']);
	assert.equal(stillLocked({ owner: 'blub', is_mine: false }, 29 * 60), 'Still locked for 29 minutes by blub');
	assert.match(stillLocked({ owner: 'blub', is_mine: false }, 0), /has just expired/);
	assert.equal(fullName({ owner: 'anna', owner_name: 'Anna Albers' }), 'Anna Albers (anna)');
	assert.equal(whoIsEditing({ owner: 'admin', is_mine: false }), 'admin is currently editing this row.');
	assert.match(moment('2026-11-23T10:00:00Z', new Date('2026-11-23T12:00:00Z')), /^\d\d:\d\d/);
	assert.match(moment('2026-11-03T12:00:00Z', new Date('2026-11-23T12:00:00Z')), /Tue.*3|3.*Tue/, 'with its day');
	assert.match(moment('2025-11-03T12:00:00Z', new Date('2026-11-23T12:00:00Z')), /2025/);
	assert.equal(moment('nonsense'), 'nonsense');
});

test('every problem has an explanation', () => {
	assert.match(explain(423, { type: 'urn:locking:problem:locked', lock: { owner: 'brenda', seconds_left: 50 } }).advice, /locked by brenda for roughly 50 seconds/);
	assert.match(explain(0, {}).title, /cannot be reached/);
	for (const status of [400, 401, 403, 404, 409, 413, 422, 423, 429, 500, 503]) {
		const { title, detail, advice } = explain(status, { detail: 'why' });
		// Of a 404 the detail is enough.
		assert.ok(title && detail === 'Why.' && (advice || status === 404), String(status));
	}
});

test('texts of the lock bar for each state, announced once', () => {
	const about = { mayTakeOver: true, isDirty: true, asked: null };
	const steps = (...events) => events.reduce((state, event) => step(state, event, 1000).state, initial());
	const lock = { owner: 'bert', owner_name: 'Bert Brandt', is_mine: false, token: null, seconds_left: 30 };
	const held = steps({ type: 'open' }, { type: 'granted', token: 1, seconds_left: 60, sentAt: 1000 });
	const blocked = steps({ type: 'open' }, { type: 'held', lock, sentAt: 1000 });
	const lost = [{ type: 'news', event: 'reset' }, { type: 'looked', lock, sentAt: 1000 }].reduce((state, event) => step(state, event, 1000).state, held);
	assert.equal(lockView(held, about).banner, undefined, 'a held lock has no banner');
	assert.deepEqual(lockView({ ...held, warned: true }, about).banner.actions, ['keep']);
	assert.equal(lockView(blocked, about).banner.title, 'This row is currently being edited by Bert Brandt.');
	assert.deepEqual(lockView(blocked, about).banner.actions, ['ask', 'takeOver']);
	assert.deepEqual(lockView(blocked, { ...about, mayTakeOver: false, asked: { place: 2 } }).banner.actions, ['withdraw']);
	assert.ok(lockView(lost, about).banner.actions.includes('compare'), 'the text can be copied');
	const elsewhere = steps({ type: 'open' }, { type: 'held', lock: { ...lock, is_mine: true }, sentAt: 1000 }, { type: 'control' }, { type: 'failed', of: 'control', status: 403, problem: { detail: 'no right' }, lock: null });
	assert.match(lockView(elsewhere, about).banner.text.join(' '), /no right/);
	assert.deepEqual(lockView(elsewhere, about).banner.actions, ['control']);
	assert.ok(lockView({ ...held, trouble: 'signed_out' }, about).banner.actions.includes('signIn'));
	const explained = (state, ending) => step(state, { type: 'explained', token: 1, ending }, 1000).state;
	const known = explained(lost, { cause: 'taken_over', by: { name: 'Bert Brandt', isMe: false }, reason: 'print', since: ['Bert Brandt'] });
	assert.equal(spoken(held, lost, lockView(lost, about)), null, 'how it ended follows');
	assert.match(spoken(lost, known, lockView(known, about)), /^Bert Brandt has taken over this row\. Reason: “print”\. .*text is kept/);
	assert.equal(spoken(known, known, lockView(known, about)), null);
});

test('a lock that is not renewed says why, with all that the server says', () => {
	const about = { mayTakeOver: false, isDirty: true, asked: null };
	const after = (...events) => events.reduce((state, event) => step(state, event, 1000).state, initial());
	const renewing = after({ type: 'open' }, { type: 'granted', token: 1, seconds_left: 60, sentAt: 1000 }, { type: 'wake' });
	const says = (status, problem) => {
		const { title, text } = lockView(step(renewing, { type: 'failed', of: 'renew', status, problem, lock: null, sentAt: 1000 }, 1000).state, about).banner;
		return [title, ...text].join(' ');
	};
	const standby = { type: 'urn:locking:problem:read-only', sqlstate: '25006', detail: 'cannot execute INSERT in a read-only transaction' };
	assert.match(says(403, standby), /^The server refuses to renew your lock\. The database is read-only\. Cannot execute INSERT in a read-only transaction\. /);
	assert.match(says(403, {}), /^The server refuses to renew your lock\. Not allowed\. /);
	assert.match(says(503, { type: 'urn:locking:problem:busy', detail: 'another transaction is writing the row' }), /^Another transaction is writing this\. Another transaction is writing the row\. /);
	assert.match(says(0, { detail: 'A proxy or another server answered in its place, with status 502' }), /^The server cannot be reached\. A proxy .* with status 502\. /);
});

test('lists: values are shorter than they are, and no digit is lost', () => {
	const shows = (category, value, more = {}) => brief(column({ category, ...more }), value);
	assert.equal(grouped('1234567.50').replaceAll(/\D/g, ''), '123456750');
	assert.match(grouped('-12345678901234567890'), /^-12.345.678.901.234.567.890$/);
	assert.equal(grouped('2026'), '2026', 'a year is not grouped');
	for (const odd of ['NaN', 'Infinity', '1e+300']) assert.equal(grouped(odd), odd);
	assert.equal(shows('number', '1234567', { key: true }), '1234567', 'nor is a key');
	assert.equal(shows('uuid', '6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a01'), '6f1c1f0e…');
	assert.equal(shows('time', '09:30:00'), '09:30');
	assert.equal(shows('time', '09:30:15'), '09:30:15');
	assert.match(shows('timestamp', '2026-03-29 02:30:15.25'), /29.*2026.*2:30/, 'to the minute, and in no zone');
	assert.doesNotMatch(shows('timestamptz', '2026-11-03 10:15:30.25+01'), /15:30|25/);
	for (const odd of ['infinity', '0044-03-15 BC']) assert.equal(shows('date', odd), odd);
	assert.equal(shows('array', '{a,"b c",NULL}'), 'a, b c, null');
	assert.equal(shows('boolean', 'true'), 'Yes');
	assert.equal(shows('text', null), null);
	assert.equal(shows('text', ''), '');
});

test('people: initials of any name', () => {
	const expected = { 'Anna Albers': 'AA', 'Carla Conti, administrator': 'CC', anna: 'A', 'job:reindex': 'JR', 'Øyvind Åse Ånes': 'ØÅ', '山田 太郎': '山太', ', x': 'X', '!!': '!' };
	for (const [name, letters] of Object.entries(expected)) assert.equal(initials(name), letters, name);
	assert.equal(namesIn([{ actor: 'anna', actor_name: 'Anna Albers' }, { actor: null, actor_name: null }]).get('anna'), 'Anna Albers');
});

test('the history joins a lock with its end, across those of other rows and resumptions', () => {
	let second = 60 * 10;
	const event = (name, owner, key = 'a') => ({ event: name, owner, key, table: 't', at: new Date((second -= 60) * 1000).toISOString() });
	const briefly = (events) => entries(events).map((entry) => [entry.event, entry.owner, entry.key, entry.seconds]);
	assert.deepEqual(briefly([event('released', 'anna'), event('released', 'bert', 'b'), event('acquired', 'bert', 'b'), event('resumed', 'anna'), event('acquired', 'anna'), event('expired', 'anna')]),
		[['released', 'anna', 'a', 240], ['released', 'bert', 'b', 60], ['expired', 'anna', 'a', null]]);
	assert.deepEqual(briefly([event('acquired', 'bert'), event('taken_over', 'anna'), event('acquired', 'anna')]),
		[['acquired', 'bert', 'a', null], ['taken_over', 'anna', 'a', 60]]);
	assert.deepEqual(briefly([event('resumed', 'anna'), event('acquired', 'anna'), event('released', 'anna')]), [['acquired', 'anna', 'a', null], ['released', 'anna', 'a', null]], 'resumed, and still held');
	assert.deepEqual(briefly([event('released', 'anna'), event('acquired', 'bert')]), [['released', 'anna', 'a', null], ['acquired', 'bert', 'a', null]]);
});

test('texts of lists: totals, and news in one sentence', () => {
	assert.equal(totalRows({ count: 1, is_estimate: false, more: false }), '1 row');
	assert.match(totalRows({ count: 7900, is_estimate: true, more: false }), /^about 7.900 rows$/);
	assert.match(totalRows({ count: 10000, is_estimate: false, more: true }), /^more than 10.000 rows$/);
	const lock = { owner: 'bert', owner_name: 'Bert Brandt', is_mine: false };
	assert.equal(newsOfLocks([{ label: 'Iceland', lock }]), 'Iceland: locked by Bert Brandt');
	assert.equal(newsOfLocks([{ label: 'Iceland', lock: null }]), 'Iceland: free');
	assert.equal(newsOfLocks([{ label: 'a', lock }, { label: 'b', lock: null }, { label: 'c', lock }]), '3 rows have changed: 2 locked, 1 free');
	assert.deepEqual([0, 20, 180, 7200, 5 * 86400].map(briefDuration), ['1 s', '20 s', '3 min', '2 h', '5 days']);
});

test('texts of a lost lock: who ended it and how, and who has locked the row since', () => {
	const about = { secondsLeft: 30, mayTakeOver: false, isDirty: true, asked: null };
	const bert = { owner: 'bert', owner_name: 'Bert Brandt', is_mine: false, token: null, seconds_left: 30 };
	const held = [{ type: 'open' }, { type: 'granted', token: 1, seconds_left: 60, sentAt: 1000 }].reduce((state, event) => step(state, event, 1000).state, initial());
	const lost = (lock, ending) => [{ type: 'news', event: 'reset' }, { type: 'looked', lock, sentAt: 1000 }, { type: 'explained', token: 1, ending: { by: null, reason: null, since: [], ...ending } }]
		.reduce((state, event) => step(state, event, 1000).state, held);
	const title = (lock, ending) => lockView(lost(lock, ending), about).banner.title;
	assert.equal(title(bert, { cause: 'expired', since: ['Bert Brandt'] }), 'Your lock has expired, and Bert Brandt is editing this row now.');
	assert.equal(title(null, { cause: 'expired', since: ['Bert Brandt', 'Carla'] }), 'Your lock has expired, and Bert Brandt and Carla locked the row after you.');
	assert.equal(title(null, { cause: 'expired' }), 'Your lock has expired.');
	assert.equal(title(null, { cause: 'expired', isChanged: true }), 'Your lock has expired, and the row was changed since.');
	assert.equal(title(null, { cause: 'broken', by: { name: 'Carla', isMe: false } }), 'Carla has removed your lock.');
	assert.equal(title(bert, { cause: 'handed_over', by: { owner: 'bert', name: 'bert', isMe: false } }), 'Your lock was released, and the row handed over to Bert Brandt.');
	assert.equal(title(bert, { cause: 'handed_over', by: { name: 'Bert Brandt', isMe: false } }), 'Your lock was released, and the row handed over to Bert Brandt.');
	const free = lockView(lost(null, { cause: 'taken_over', by: { name: 'Carla', isMe: false }, since: ['Carla', 'Bert Brandt'] }), about);
	assert.match(free.status, /^Free now/);
	assert.ok(free.banner.text.includes('Bert Brandt locked the row after that.'));
	assert.deepEqual(free.banner.actions, ['saveAgain', 'again', 'compare']);
	assert.ok(!lockView(lost(bert, { cause: 'expired' }), about).banner.actions.includes('saveAgain'), 'not while another user holds it');
});

test('failures are told as what they are', () => {
	const state = { ...initial(), phase: 'held', trouble: 'busy' };
	const title = (status, type) => lockView({ ...state, failure: { status, problem: { type: `urn:locking:problem:${type}` } } }, {}).banner.title;
	assert.equal(title(503, 'busy'), 'Another transaction is writing this.');
	assert.equal(title(503, 'unavailable'), 'The database is not available.');
	assert.equal(title(503, 'exhausted'), 'The database is out of disk space, memory or connections.');
	assert.equal(title(500, 'internal'), 'The server reports an internal error.');
	assert.equal(explain(403, { type: 'urn:locking:problem:read-only' }).title, 'The database is read-only');
	assert.equal(explain(422, { detail: 'no such customer', sqlstate: 'P0002' }).title, 'The database refuses the change');
	assert.equal(explain(422, { detail: 'bad', column: 'size' }).title, 'A value was rejected');
	assert.equal(explain(0, {}).title, 'The server cannot be reached');
});

test('the history says by its token how a lock ended, and who has locked the row since', () => {
	const event = (name, token, owner, actor = owner, more = {}) => ({ event: name, token: owner === 'anna' ? token : null, owner, actor, actor_name: null, reason: null, ...more });
	const events = [
		event('released', 9, 'anna'),
		event('acquired', 9, 'anna'),
		event('released', 8, 'bert'),
		event('acquired', 8, 'bert', 'bert', { actor_name: 'Bert Brandt' }),
		event('expired', 7, 'anna', 'bert'),
		event('acquired', 7, 'anna'),
		event('handed_over', 6, 'cid', 'anna'),
		event('released', 5, 'anna'),
		event('acquired', 5, 'anna'),
		event('taken_over', 4, 'anna', 'dora', { actor_name: 'Dora Dietz', reason: 'print' }),
		event('acquired', 4, 'anna'),
	];
	assert.deepEqual(lockEnding(events, 7), { cause: 'expired', by: null, reason: null, since: ['Bert Brandt'] });
	assert.deepEqual(lockEnding(events, '9'), { cause: 'released', by: { name: 'anna', isMe: true }, reason: null, since: [] });
	assert.deepEqual(lockEnding(events, 5), { cause: 'handed_over', by: { owner: 'cid', name: 'cid', isMe: false }, reason: null, since: ['cid', 'Bert Brandt'] });
	assert.deepEqual(lockEnding(events, 4), { cause: 'taken_over', by: { name: 'Dora Dietz', isMe: false }, reason: 'print', since: ['cid', 'Bert Brandt'] });
	assert.deepEqual(lockEnding(events.slice(1), 9).cause, null, 'its end is not recorded yet');
	assert.equal(lockEnding(events, 3), null);
});

test('the lock bar is drawn for what it shows, and is urgent when text may be lost', () => {
	const state = initial();
	assert.ok(!looksDifferent(state, { ...state, usedAt: 5, changedAt: 5 }));
	assert.ok(looksDifferent(state, { ...state, trouble: 'offline' }));
	assert.ok(!isUrgent({ ...state, phase: 'held' }));
	for (const urgent of [{ phase: 'lost' }, { phase: 'expired' }, { phase: 'held', warned: true }]) assert.ok(isUrgent({ ...state, ...urgent }));
	assert.equal(lockedWith({ owner: 'bert', name: 'country', key: 'BE' }, 'Belgium').status, 'Locked by bert, with Belgium');
});

test('a user who does not see the page is told of what others did to the lock, and of text that is in danger', () => {
	const [dirty, clean] = [{ isDirty: true }, { isDirty: false }];
	const lost = (cause, by = null) => ({ phase: 'lost', warned: false, loss: { cause, by } });
	for (const cause of ['taken_over', 'broken', 'given_away', 'expired', 'ended']) assert.ok(isUnforeseen(lost(cause, { name: 'Bert', isMe: false }), clean), cause);
	for (const own of [lost('given'), lost('moved'), lost('broken', { name: 'Anna', isMe: true })]) assert.ok(!isUnforeseen(own, dirty), own.loss.cause);
	for (const ending of [{ phase: 'held', warned: true }, { phase: 'expired', warned: false }])
		assert.deepEqual([isUnforeseen(ending, dirty), isUnforeseen(ending, clean)], [true, false]);
	assert.ok(!isUnforeseen({ phase: 'held', warned: false }, dirty));
});

test('half a date or time is reported wherever it is: in a text, an array, a range', () => {
	const whole = {
		date: ['2026-01-15', '0044-03-15 BC', 'infinity', '-infinity', 'epoch', '15.1.2026', '01/15/2026', '20260115', '5874897-12-31', '15-Jan-2026', '5 January 2026', 'J2451187', '2026-01-15 12:30', ''],
		timestamp: ['2026-01-15', '2026-01-15 12:30', '2026-01-15T12:30:15.25', '20260115 123015', '0044-03-15 12:00:00 BC', 'infinity', 'now', '15 January 2026 12:30'],
		timestamptz: ['2026-01-15 12:30:00+00', '2026-01-15 12:30 Europe/Berlin', '0044-03-15 12:00:00+00 BC', '2026-01-15T12:30Z', 'tomorrow'],
		time: ['12:30', '12:30:15+02'],
	};
	const half = {
		date: ['2', '2026', '2026-', '2026-0', '2026-01', '2026-01-', '2026-01-1', '2026-1-1', '15.1.20', '15.1.', '1/15/26', '202601', '2026-01-1 BC', '2026/01/1'],
		timestamp: ['2026-01-1', '2026-01-1 12:30', '2026-01-15 1', '2026-01-15 12:3', '2026-01-15T12:', '2026-01-15 12:30:4', '12:30'],
		timestamptz: ['2026-01-1 12:30+00', '2026-01-15 12:3+00', '2026-01-15 12:3 BC'],
		time: ['12', '12:3'],
	};
	const places = [
		(category, text) => [column({ category }), text],
		(category, text) => [column({ category: 'array', element_category: category, delimiter: ',' }), arrayText.format([null, text, 'infinity'])],
		(category, text) => [column({ category: 'other', element_category: category }), `[${/[ :]/.test(text) ? `"${text}"` : text},)`],
		(category, text) => [column({ category: 'other', element_category: category }), `(infinity,${text}]`],
	];
	for (const [place, at] of places.map((each, index) => [each, index])) {
		for (const [category, list] of Object.entries(whole)) for (const text of list) assert.equal(validationError(...place(category, text)), null, `${at} ${category} ${text}`);
		for (const [category, list] of Object.entries(half)) for (const text of list) assert.notEqual(validationError(...place(category, text)), null, `${at} ${category} ${text}`);
	}
	const dates = column({ name: 'days', category: 'array', element_category: 'date', delimiter: ',' });
	assert.deepEqual(wrongElements(dates, '{2026-01-15,2026-01-1,NULL,2}').map(({ number }) => number), [2, 4]);
	assert.match(validationError(dates, '{2026-01-15,2026-01-1}'), /^Days: element 2: “2026-01-1” is not a date/);
	assert.equal(validationError(column({ category: 'other', element_category: 'number' }), 'empty'), null, 'an empty range');
	assert.equal(validationError(column({ category: 'array', element_category: 'text' }), '{"2026-01-1"}'), null, 'a text');
	assert.equal(validationError(column({ category: 'other' }), '2026-01-1'), null, 'another type');
});

test('a row is found by key or label; a search without an answer is not "no such row"', async () => {
	const rows = [{ value: 'FR', label: 'France' }, { value: 'GF', label: 'French Guiana' }, { value: 'A', label: 'Twice' }, { value: 'B', label: 'Twice' }];
	const search = async (text, value) => ({ choices: rows.filter((row) => (text === null ? row.value === value : row.label.startsWith(text))) });
	for (const [text, value] of [['France', 'FR'], ['GF', 'GF'], ['Twice', undefined], ['Fra', undefined], ['X', undefined]]) {
		const { found, hasFailed } = await lookUp(search, text);
		assert.deepEqual([found?.value, hasFailed], [value, false], text);
	}
	const fails = async () => { throw new Error('offline'); };
	const failsByKey = async (text) => (text === null ? fails() : { choices: [] });
	for (const each of [fails, failsByKey]) assert.deepEqual(await lookUp(each, 'France'), { found: null, hasFailed: true });
	assert.deepEqual([complaintOf(null, true), complaintOf('', true)], [null, 'Choose a row']);
	assert.match(complaintOf('Fra', true), /^“Fra” could not be looked up/);
	assert.match(complaintOf('Fra', false), /^“Fra” is not a row/);
});

test('an answer moves the focus only if the user has not gone on since', () => {
	const page = new EventTarget();
	let hasFocus = true;
	const begin = attention(page, () => hasFocus);
	for (const act of ['keydown', 'pointerdown', 'input']) {
		page.dispatchEvent(new Event(act)); // the press itself
		const mayMove = begin();
		for (const passive of ['keyup', 'pointermove', 'focusin', 'scroll']) page.dispatchEvent(new Event(passive));
		assert.ok(mayMove(), 'the user waits');
		page.dispatchEvent(new Event(act));
		assert.equal(mayMove(), false, act);
		hasFocus = false;
		assert.ok(mayMove(), 'nothing has the focus');
		hasFocus = true;
	}
});
