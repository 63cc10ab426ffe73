// Prints the class of the error for each SQLSTATE of errors.tsv.
import { readFileSync } from 'node:fs';
import { Article, sequelize } from './editing.js';

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

/** Saves an article that another user has locked; returns the effect. */
async function saveSkipped() {
	const transaction = await sequelize.transaction();
	await sequelize.query(read('skip.sql'), { transaction });
	const article = await Article.findByPk(44, { transaction });
	article.price = 6;
	await article.save({ transaction });
	await article.reload({ transaction });
	await transaction.rollback();
	return `save() succeeds, the price is still ${article.price}`;
}

const skipped = await saveSkipped();
for (const line of read('errors.tsv').trimEnd().split('\n')) {
	const [state, statement] = line.split('\t');
	await sequelize.query(statement).catch((error) =>
		console.log(`${state}: ${error.constructor.name} (${Object.getPrototypeOf(error.constructor).name})`));
}

console.log(`skipped UPDATE: ${skipped}`);
await sequelize.close();
