// A tour: two users and a moderator of an application work on article 42.
import { endLock, LockLost, openArticle, pool, renew, RowLocked, save, transaction } from './editing.js';

const ann = { login: 'Ann', name: 'Ann Ames' };
const bert = { login: 'bert', name: 'Bert Brandt' };
const carla = { login: 'carla', name: 'Carla Chief' };

async function openAndTell(user) {
	const { token, title } = await openArticle(user, 42);
	console.log(`${user.name} opens article 42: ${title}`);
	return token;
}

async function saveAndTell(user, token, title) {
	await save(user, 42, token, title);
	console.log(`${user.name} saves: ${title}`);
}

const token = await openAndTell(ann);
try {
	await openAndTell(bert);
} catch (error) {
	if (!(error instanceof RowLocked)) throw error;
	console.log(`${bert.name} is refused: ${error.message}`);
}
try {
	await transaction(bert, (client) => client.query("UPDATE article SET title = 'Mine' WHERE id = 42"));
} catch (error) {
	if (error.code !== '55P03') throw error;
	console.log(`A write that does not ask is refused: ${error.message}`);
}
console.log(`${ann.name} renews, for another ${Math.ceil(await renew(ann, token, 'Ebb and'))} seconds`);
await saveAndTell({ ...ann, login: 'ann' }, token, 'Ebb and flow');

const lost = await openAndTell(bert);
await endLock(carla, 42, 'deadline');
console.log(`${carla.name} ends the lock of ${bert.name}`);
await saveAndTell(ann, await openAndTell(ann), 'Spring tide');
try {
	await saveAndTell(bert, lost, 'Tides');
} catch (error) {
	if (!(error instanceof LockLost)) throw error;
	console.log(`The save of ${bert.name} is refused: ${error.message}`);
}
await saveAndTell(bert, await openAndTell(bert), 'Tides');
await pool.end();
