// A tour: two users and a moderator of an application work on article 42.
import { DatabaseError } from 'sequelize';
import { Article, endLock, LockLost, openArticle, renew, RowLocked, save, sequelize, transactionOf } from './editing.js';

const ann = { login: 'Ann', name: 'Ann Ames' };
const bert = { login: 'bert', name: 'Bert Brandt' };
const carla = { login: 'carla', name: 'Carla Chief' };

async function openAndTell(user) {
	const opened = await openArticle(user, 42);
	console.log(`${user.name} opens article 42: ${opened.article.title}`);
	return opened;
}

async function saveAndTell(user, { token, article }, title) {
	article.title = title;
	await save(user, token, article);
	console.log(`${user.name} saves: ${title}`);
}

const opened = await openAndTell(ann);
try {
	await openAndTell(bert);
} catch (error) {
	if (!(error instanceof RowLocked)) throw error;
	console.log(`${bert.name} is refused: ${error.message}`);
}
try {
	await transactionOf(bert, (transaction) => Article.update({ title: 'Mine' }, { where: { id: 42 }, transaction }));
} catch (error) {
	if (!(error instanceof DatabaseError && error.original.code === '55P03')) throw error;
	console.log(`A write that does not ask is refused: ${error.message}`);
}
console.log(`${ann.name} renews, for another ${Math.ceil(await renew(ann, opened.token, 'Ebb and'))} seconds`);
await saveAndTell({ ...ann, login: 'ann' }, opened, 'Ebb and flow');

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
await sequelize.close();
