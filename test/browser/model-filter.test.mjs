// Filters of lists: comparisons by type, their bounds, and their words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compared, comparisonsOf, exactValues, readFilter, words } from '../../contrib_web/static/js/model/row-filter.js';

const of = (category, more = {}) => ({ name: 'c', category, ...more });

test('the usual comparison of a type comes first', () => {
	const first = (column) => comparisonsOf(column)[0];
	assert.equal(first(of('text')), 'contains');
	for (const category of ['number', 'date', 'time', 'timestamp', 'timestamptz', 'interval']) assert.equal(first(of(category)), 'between', category);
	for (const category of ['boolean', 'enum', 'uuid']) assert.equal(first(of(category)), 'is', category);
	assert.equal(first(of('text', { references: { table: 't' } })), 'is');
	for (const category of ['text', 'json', 'array', 'number', 'enum', undefined]) assert.ok(comparisonsOf(of(category)).includes('null'), category);
});

test('bounds: either or both, and a day that ends a range of times is part of it', () => {
	assert.deepEqual(compared(of('number'), 'between', '2', '7'), { from: '2', to: '7' });
	assert.deepEqual(compared(of('number'), 'between', '', '0'), { to: '0' });
	assert.deepEqual(compared(of('date'), 'between', '2026-02-01', '2026-02-28'), { from: '2026-02-01', to: '2026-02-28' });
	assert.deepEqual(compared(of('timestamptz'), 'between', '2026-02-01', '2026-02-28'), { from: '2026-02-01', before: '2026-03-01' });
	assert.deepEqual(compared(of('timestamp'), 'between', '', '2027-12-31'), { before: '2028-01-01' });
	assert.equal(compared(of('number'), 'between', '', ''), undefined);
	assert.equal(compared(of('text'), 'contains', '', undefined), undefined);
	assert.deepEqual(compared(of('text'), 'contains', ' '), { contains: ' ' });
	assert.equal(compared(of('text'), 'is', ''), '');
	assert.equal(compared(of('text'), 'null'), null);
});

test('a filter in words, with the days that the user gave', () => {
	assert.equal(words(of('text'), null), 'no value');
	assert.equal(words(of('text'), 'x'), 'x');
	assert.equal(words(of('text'), { contains: 'a "b"' }), 'contains “a "b"”');
	assert.equal(words(of('number'), { from: '1' }), 'from 1');
	assert.equal(words(of('number'), { from: '1', to: '1' }), '1');
	assert.equal(words(of('number'), { to: '-3' }), 'up to -3');
	const days = words(of('timestamptz'), compared(of('timestamptz'), 'between', '2026-02-01', '2026-02-28'));
	assert.match(days, /1\b.* – .*28/);
	assert.doesNotMatch(days, /Mar/);
	assert.equal(words(of('text'), { like: 'x' }), '{"like":"x"}', 'of an address that these pages did not write');
});

test('an address that is no filter is none, and only values are given to a new row', () => {
	for (const text of [null, undefined, '', '{', '1', '"x"', 'null']) assert.equal(readFilter(text), null, String(text));
	assert.deepEqual(readFilter('{"a": null}'), { a: null });
	assert.equal(exactValues('{"a": "1", "b": {"contains": "x"}, "c": null}'), '{"a":"1","c":null}');
	assert.equal(exactValues('{"b": {"from": "1"}}'), null);
	assert.equal(exactValues(null), null);
});
