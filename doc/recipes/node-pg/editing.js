// Locks of articles, for an application whose users share one role.
import pg from 'pg';

/** Another user holds the lock. */
export class RowLocked extends Error {
	constructor(who, seconds) {
		super(`locked by ${who} for another ${Math.ceil(seconds)} seconds`);
		this.who = who;
		this.seconds = seconds;
	}
}

/** The lock has ended, and the row may have been written since. */
export class LockLost extends Error {}

// node-postgres finds the pooler by the environment (PGHOST and so on).
export const pool = new pg.Pool();

/**
 * Runs work in a transaction that has the user as the owner of locks.
 *
 * @param {{login: string, name: string}} user
 * @param {(client: pg.PoolClient) => Promise<T>} work
 * @returns {Promise<T>}
 * @template T
 */
export async function transaction(user, work) {
	const client = await pool.connect();
	try {
		await client.query('BEGIN');
		await client.query('SELECT locking.set_owner(lower($1), $2)', [user.login, user.name]);
		const result = await work(client);
		await client.query('COMMIT');
		return result;
	} catch (error) {
		await client.query('ROLLBACK');
		throw error.code === 'LK001' ? new LockLost(error.detail, { cause: error }) : error;
	} finally {
		client.release();
	}
}

/**
 * Locks an article and reads it, or throws RowLocked.
 *
 * @returns {Promise<{token: string, title: string}>} the token is a string,
 *   since JavaScript numbers are exact only up to 2 ** 53
 */
export function openArticle(user, id) {
	return transaction(user, async (client) => {
		const { rows: [lock] } = await client.query(
			"SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', $1::int)", [id]);
		if (!lock.granted) throw new RowLocked(lock.owner_name, lock.seconds_left);
		// a later statement, which sees what the last holder saved
		const { rows: [article] } = await client.query('SELECT title FROM article WHERE id = $1', [id]);
		return { token: lock.token, title: article.title };
	});
}

/** Extends a lock, keeps unsaved text, and returns the seconds left. */
export function renew(user, token, draft) {
	return transaction(user, async (client) => {
		const { rows: [left] } = await client.query(
			'SELECT extract(epoch FROM locking.renew($1, draft => $2) - clock_timestamp()) AS seconds', [token, { title: draft }]);
		return Number(left.seconds);
	});
}

/** Saves an article and ends its lock, or throws LockLost. */
export function save(user, id, token, title) {
	return transaction(user, async (client) => {
		await client.query('SELECT locking.confirm($1)', [token]);
		await client.query('UPDATE article SET title = $1 WHERE id = $2', [title, id]);
		await client.query('SELECT locking.release($1)', [token]);
	});
}

/** Ends the lock of any user. */
export function endLock(moderator, id, reason) {
	return transaction(moderator, (client) => client.query("SELECT locking.break_lock('article', $1::int, $2)", [id, reason]));
}
