// Figures of the overview.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateHealth, grouped, growth, sum, total } from '../../contrib_web/static/js/model/figures.js';

const sample = (at, ...tables) => ({ at, tables });

test('a counter grows from sample to sample, also after a reset', () => {
	const samples = [5, 7, 7, 2, 3].map((takeovers, i) => sample(String(i), { table: 'a', takeovers }));
	assert.deepEqual(growth(samples, 'a', 'takeovers').map(({ n }) => n), [2, 0, 2, 1]);
	assert.deepEqual(growth(samples, 'b', 'takeovers'), []);
});

test('a table that is protected later, and one that is not counted', () => {
	const samples = [sample('1'), sample('2', { table: 'a', lost: 1 }), sample('3', { table: 'a', lost: null }), sample('4', { table: 'a', lost: 4 })];
	assert.deepEqual(growth(samples, 'a', 'lost'), [{ at: '4', n: 3 }]);
});

test('steps are summed in groups, of which the last may be smaller', () => {
	const steps = [1, 2, 3, 4, 5].map((n) => ({ at: `t${n}`, n }));
	assert.deepEqual(grouped(steps, 2), [{ at: 't1', n: 3 }, { at: 't3', n: 7 }, { at: 't5', n: 5 }]);
	assert.equal(total(steps), 15);
});

test('sums over tables, null if nothing is counted', () => {
	assert.equal(sum([{ n: 1 }, { n: null }, { n: 2 }], 'n'), 3);
	assert.equal(sum([{ n: null }], 'n'), null);
	assert.equal(sum([], 'n'), null);
});

test('the state of the gate', () => {
	const gate = { enabled: true, filled: true, slots: 1000, occupied: 100, overflowed: 0 };
	assert.equal(gateHealth(gate).isGood, true);
	assert.equal(gateHealth({ ...gate, filled: false }).isGood, true);
	assert.equal(gateHealth({ ...gate, overflowed: 50 }).isGood, false);
	assert.equal(gateHealth({ enabled: false, filled: false, slots: null, occupied: null, overflowed: null }).isGood, false);
});
