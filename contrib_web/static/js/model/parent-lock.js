/**
 * Events of the row that guards another one.
 */

/**
 * Whether an event may change the lock of a row's parent. While the
 * parent is not locked, its key is unknown, so events of the whole table
 * count.
 * @param {{ table: string, key: string, event: string }} event as the stream
 *   sends it
 * @param {object} child
 * @param {object} child.table as the API describes it
 * @param {object|null} child.row as the API returns it
 * @returns {boolean}
 */
export function isParentEvent({ table, key, event }, { table: child, row }) {
	if (['requested', 'withdrawn', 'declined'].includes(event)) return false;
	const parent = row?.parent_lock;
	if (parent) return table === parent.table && key === parent.key;
	const constraint = child.protection?.parent;
	return child.foreign_keys.some((each) => each.constraint === constraint && each.table === table);
}
