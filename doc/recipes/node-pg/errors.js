// Prints the class of the error for each SQLSTATE of errors.tsv.
import { readFileSync } from 'node:fs';
import pg from 'pg';

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

for (const line of read('errors.tsv').trimEnd().split('\n')) {
	const [state, statement] = line.split('\t');
	const client = new pg.Client();
	// A lost connection also causes this event.
	client.on('error', () => {});
	await client.connect();
	await client.query(statement).catch((error) =>
		console.log(`${state}: ${error.constructor.name} (${Object.getPrototypeOf(error.constructor).name})`));
	await client.end();
}

const client = new pg.Client();
await client.connect();
await client.query('BEGIN');
await client.query(read('skip.sql'));
const { rowCount } = await client.query('UPDATE article SET price = 6 WHERE id = 44');
console.log(`skipped UPDATE: rowCount ${rowCount}`);
await client.query('ROLLBACK');
await client.end();
