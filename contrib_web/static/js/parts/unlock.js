/**
 * What a click on a lock leads to: release one's own, remove another's where allowed,
 * else ask its holder for the row.
 */
import { Problem, rowPath } from '../api.js';
import { h, newId } from '../dom.js';
import { explain } from '../model/problem.js';
import { duration, moment, personName, unlockQuestion } from '../model/text.js';
import { ask, askReason, toast } from '../ui.js';

/**
 * @param {object} lock as the API gives it, with `endsAt`
 * @param {boolean} mayBreak
 * @returns {Promise<boolean>} whether something was changed
 */
export async function unlock(app, lock, mayBreak) {
	if (lock.is_mine) return attempt(() => releaseOwn(app, lock));
	return attempt(() => (mayBreak ? breakOne(app, lock) : askFor(app, lock)));
}

async function attempt(act) {
	try {
		return await act();
	} catch (error) {
		if (!(error instanceof Problem)) throw error;
		const { title, detail } = explain(error.status, error.problem);
		toast(`${title}. ${detail}`, { bad: true });
		return false;
	}
}

async function releaseOwn(app, lock) {
	const answer = await ask({
		title: 'Release your lock?',
		body: [
			h('p', {}, unlockQuestion(lock)),
			h(
				'p',
				{ class: 'quiet' },
				'If a tab of yours is still editing it, that tab keeps its text, but has to lock the row again to save.',
			),
		],
		choices: [
			{ value: 'no', text: 'Keep it' },
			{ value: 'yes', text: 'Release' },
		],
	});
	if (answer !== 'yes') return false;
	const { data } = await app.api.get(`${rowPath(lock.table, lock.key)}/lock`);
	if (data.lock?.is_mine) await app.api.delete(`${rowPath(lock.table, lock.key)}/lock`, { body: { token: data.lock.token } });
	toast('Your lock is released.');
	return true;
}

async function breakOne(app, lock) {
	const reason = await askReason({
		title: 'Remove this lock?',
		text: [unlockQuestion(lock), lockFacts(lock)],
		action: 'Remove lock',
		no: 'Leave it',
	});
	if (reason === null) return false;
	const { data } = await app.api.post(`${rowPath(lock.table, lock.key)}/lock/break`, { reason });
	toast(data.broken ? `The lock of ${personName(lock)} is removed.` : 'The row was not locked any more.');
	return true;
}

/** Asks the holder for the row. @returns {Promise<boolean>} whether one did */
export async function askFor(app, lock) {
	const id = newId('message');
	const message = h('input', { class: 'input', id, maxLength: 1000, autocomplete: 'off' });
	const answer = await ask({
		title: `Ask ${personName(lock)} for it?`,
		body: [
			h('p', {}, `${personName(lock)} is told at once, and can save and hand over.`),
			lockFacts(lock),
			h('div', {}, h('label', { class: 'label', htmlFor: id }, 'Message', h('span', { class: 'quiet' }, ' (optional)')), message),
		],
		choices: [
			{ value: 'no', text: 'Not now' },
			{ value: 'yes', text: 'Ask for it' },
		],
	});
	if (answer !== 'yes') return false;
	await app.api.post(`${rowPath(lock.table, lock.key)}/request`, { message: message.value.trim() || null });
	toast(`${personName(lock)} has been asked.`);
	return true;
}

/** Since when, for how long, and what the holder said. */
export function lockFacts(lock) {
	const left = (lock.endsAt - performance.now()) / 1000;
	const facts = [
		lock.acquired_at ? ['Since', moment(lock.acquired_at)] : null,
		['Ends in', left > 0 ? `${duration(left)}, unless renewed` : 'a moment'],
		lock.note ? ['Note', lock.note] : null,
	].filter(Boolean);
	return h(
		'dl',
		{ class: 'facts small' },
		facts.map(([term, text]) => [h('dt', {}, term), h('dd', {}, text)]),
	);
}
