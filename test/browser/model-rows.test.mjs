// Lists of rows kept up to date by events, and events of a parent row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveRows } from '../../contrib_web/static/js/model/live-rows.js';
import { isParentEvent } from '../../contrib_web/static/js/model/parent-lock.js';
import { sameRows } from '../../contrib_web/static/js/model/row-list.js';

const context = { owner: 'anna', now: 0, toClock: () => 5000 };
const row = (key, owner = null, values = {}) => ({ key, values, lock: owner && { owner, endsAt: 1 } });
const acquired = (key, owner, table = 't') => ({ event: 'acquired', table, key, owner, expires_at: 'later' });
const holders = (live) => live.rows.map(({ lock }) => lock?.owner ?? null);

test('an event during a request is applied to its response too', () => {
	const live = new LiveRows();
	live.requested();
	live.heard(acquired('2', 'bert'));
	live.heard(acquired('1', 'bert', 'another'));
	live.received([row('1'), row('2')]);
	assert.equal(live.replay('t', context), false);
	assert.deepEqual(holders(live), [null, 'bert']);
});

test('events are applied again once, and not after a later request', () => {
	const live = new LiveRows();
	live.requested();
	live.heard(acquired('1', 'bert'));
	live.received([row('1')]);
	live.replay('t', context);
	live.apply({ event: 'released', table: 't', key: '1', owner: 'bert' }, context);
	assert.equal(live.replay('t', context), false);
	assert.deepEqual(holders(live), [null]);
	live.heard(acquired('1', 'bert'));
	live.requested();
	live.received([row('1')]);
	live.replay('t', context);
	assert.deepEqual(holders(live), [null]);
});

test('an unclear event during a request makes the page read the rows again', () => {
	const live = new LiveRows();
	live.requested();
	live.heard({ event: 'changed', table: 't' });
	assert.equal(live.replay('t', context), false, 'without a response');
	live.received([row('1')]);
	assert.equal(live.replay('t', context), true);
});

test('whether only locks changed, and which holders', () => {
	const live = new LiveRows();
	live.requested();
	live.received([row('1', 'bert'), row('2')]);
	assert.ok(!live.onlyLocksChanged);
	live.requested();
	live.received([row('1', 'bert'), row('2', 'anna')]);
	assert.ok(live.onlyLocksChanged);
	assert.deepEqual([live.holderChanged(0), live.holderChanged(1)], [false, true]);
	assert.equal(live.find('2').lock.owner, 'anna');
	assert.ok(!sameRows([row('1', null, { a: '1' })], [row('1', null, { a: '2' })]));
});

test('events of a parent row: of its lock, or of its table while the row is free', () => {
	const table = { protection: { parent: 'fk' }, foreign_keys: [{ constraint: 'fk', table: 'p' }, { constraint: 'other', table: 'q' }] };
	const locked = { table, row: { parent_lock: { table: 'p', key: '1' } } };
	const free = { table, row: { parent_lock: null } };
	const event = (name, on, key) => ({ event: name, table: on, key });
	assert.ok(isParentEvent(event('released', 'p', '1'), locked));
	assert.ok(!isParentEvent(event('released', 'p', '2'), locked));
	assert.ok(!isParentEvent(event('requested', 'p', '1'), locked));
	assert.ok(isParentEvent(event('acquired', 'p', '2'), free));
	assert.ok(!isParentEvent(event('acquired', 'q', '2'), free));
	assert.ok(!isParentEvent(event('acquired', 'p', '2'), { table: { ...table, protection: null }, row: free.row }));
});
