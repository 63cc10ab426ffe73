// Locks of articles, for models of Sequelize.
import { DatabaseError, DataTypes, QueryTypes, Sequelize } from 'sequelize';

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

const { PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD } = process.env;

export const sequelize = new Sequelize(PGDATABASE, PGUSER, PGPASSWORD, {
	dialect: 'postgres', host: PGHOST, port: Number(PGPORT), logging: false,
	// Otherwise it would set client_min_messages of a pooler's connection.
	dialectOptions: { clientMinMessages: 'ignore' },
});

export const Article = sequelize.define('article', {
	id: { type: DataTypes.INTEGER, primaryKey: true },
	title: { type: DataTypes.TEXT, allowNull: false },
	price: { type: DataTypes.DECIMAL(8, 2), allowNull: false },
}, { freezeTableName: true, timestamps: false });

async function first(statement, bind, transaction) {
	const [row] = await sequelize.query(statement, { bind, transaction, type: QueryTypes.SELECT });
	return row;
}

/**
 * Runs work in a transaction that has the user as the owner of locks.
 *
 * @param {{login: string, name: string}} user
 * @param {(transaction: import('sequelize').Transaction) => Promise<T>} work
 * @returns {Promise<T>}
 * @template T
 */
export async function transactionOf(user, work) {
	try {
		return await sequelize.transaction(async (transaction) => {
			await first('SELECT locking.set_owner(lower($login), $name)', user, transaction);
			return work(transaction);
		});
	} catch (error) {
		if (!(error instanceof DatabaseError && error.original.code === 'LK001')) throw error;
		throw new LockLost(error.original.detail, { cause: error });
	}
}

/**
 * Locks an article and reads it, or throws RowLocked.
 *
 * @returns {Promise<{token: string, article: Article}>} token: a string,
 *   since JavaScript numbers are exact only up to 2 ** 53
 */
export function openArticle(user, id) {
	return transactionOf(user, async (transaction) => {
		const lock = await first(
			"SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', $id::int)", { id }, transaction);
		if (!lock.granted) throw new RowLocked(lock.owner_name, lock.seconds_left);
		// a later statement, which sees what the last holder saved
		return { token: lock.token, article: await Article.findByPk(id, { transaction }) };
	});
}

/** Extends a lock, keeps unsaved text, and returns the seconds left. */
export function renew(user, token, draft) {
	return transactionOf(user, async (transaction) => {
		const { seconds } = await first(
			'SELECT extract(epoch FROM locking.renew($token, draft => $draft) - clock_timestamp()) AS seconds',
			{ token, draft: JSON.stringify({ title: draft }) }, transaction);
		return Number(seconds);
	});
}

/** Saves an article and ends its lock, or throws LockLost. */
export function save(user, token, article) {
	return transactionOf(user, async (transaction) => {
		await first('SELECT locking.confirm($token)', { token }, transaction);
		await article.save({ transaction });
		await first('SELECT locking.release($token)', { token }, transaction);
	});
}

/** Ends the lock of any user. */
export function endLock(moderator, id, reason) {
	return transactionOf(moderator, (transaction) =>
		first("SELECT locking.break_lock('article', $id::int, $reason)", { id, reason }, transaction));
}
