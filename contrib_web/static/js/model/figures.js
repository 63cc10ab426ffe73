/**
 * Figures of the overview: what counters of locking.stats counted over time.
 */
import { t } from '../lang/texts.js';

/**
 * @typedef {object} Sample
 * @property {string} at when it was taken, ISO 8601
 * @property {object[]} tables each with `table`, and its counters by name
 */

/**
 * How much a table's counter grew between consecutive samples. A counter that
 * is smaller than before was reset in between, and has counted from 0.
 * @param {Sample[]} samples the oldest first
 * @param {string} table as SQL writes it
 * @param {string} name of the counter
 * @returns {{ at: string, n: number }[]} one fewer than samples of the table
 */
export function growth(samples, table, name) {
	const values = samples
		.map(({ at, tables }) => ({ at, n: tables.find((each) => each.table === table)?.[name] ?? null }))
		.filter(({ n }) => n !== null);
	return values.slice(1).map(({ at, n }, i) => ({ at, n: n < values[i].n ? n : n - values[i].n }));
}

/**
 * Sums neighbours, so that a chart has few bars.
 * @param {{ at: string, n: number }[]} steps
 * @param {number} size of a group
 * @returns {{ at: string, n: number }[]} at: of the first of each group
 */
export function grouped(steps, size) {
	const groups = [];
	for (let i = 0; i < steps.length; i += size)
		groups.push({ at: steps[i].at, n: total(steps.slice(i, i + size)) });
	return groups;
}

/**
 * @param {{ n: number }[]} steps
 * @returns {number}
 */
export const total = (steps) => steps.reduce((sum, { n }) => sum + n, 0);

/**
 * The sum of a counter over all tables.
 * @param {object[]} tables
 * @param {string} name
 * @returns {number|null} null: nothing is counted, without shared memory
 */
export function sum(tables, name) {
	const values = tables.map((each) => each[name]).filter((n) => n !== null);
	return values.length ? values.reduce((a, b) => a + b, 0) : null;
}

/**
 * What the state of the gate means.
 * @param {object} gate as locking.gate() returns it
 * @returns {{ isGood: boolean, title: string, text: string }}
 */
export function gateHealth({ enabled, filled, slots, occupied, overflowed }) {
	if (!enabled)
		return {
			isGood: false,
			title: t('gate.off'),
			text: t('gate.off.text'),
		};
	if (!filled) return { isGood: true, title: t('gate.filling'), text: t('gate.filling.text') };
	if (overflowed > occupied / 100 && overflowed > 10)
		return { isGood: false, title: t('gate.crowded'), text: t('gate.crowded.text') };
	return { isGood: true, title: t('gate.on'), text: t('gate.on.text', { occupied, slots }) };
}
