/**
 * Ending locks: the user's own by releasing it, others' by removing them, if
 * allowed, or else by requesting the row from the holder.
 */
import { rowPath } from '../client/api.js';
import { h, newId } from '../ui/dom.js';
import { duration, moment, personName, unlockQuestion } from '../model/text.js';
import { toast } from '../ui/announce.js';
import { ask, askReason } from '../ui/dialog.js';
import { toastProblem } from './problem-toast.js';

/**
 * Handles a click on a lock.
 * @param {object} app
 * @param {object} lock as the API returns it, with `endsAt`
 * @param {boolean} mayBreak whether the user may remove others' locks
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
		toastProblem(error);
		return false;
	}
}

async function releaseOwn(app, lock) {
	const answer = await ask({
		name: 'release',
		title: 'Release your lock?',
		body: [
			h('p', {}, unlockQuestion(lock)),
			h(
				'p',
				{ class: 'quiet' },
				'If you are still editing it in a tab, that tab keeps its text, but must lock the row again to save.',
			),
		],
		choices: [
			{ value: 'no', text: 'Cancel' },
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
		name: 'break-lock',
		title: 'Remove this lock?',
		text: [unlockQuestion(lock), lockFacts(lock)],
		action: 'Remove lock',
	});
	if (reason === null) return false;
	const { data } = await app.api.post(`${rowPath(lock.table, lock.key)}/lock/break`, { reason });
	toast(data.broken ? `The lock of ${personName(lock)} is removed.` : 'The row was no longer locked.');
	return true;
}

async function askFor(app, lock) {
	const message = await askForMessage(lock);
	if (message === null) return false;
	await app.api.post(`${rowPath(lock.table, lock.key)}/request`, { message: message || null });
	toast(`Your request was sent to ${personName(lock)}.`);
	return true;
}

/**
 * The question before a row is requested from its holder.
 * @param {object} lock with `endsAt`
 * @returns {Promise<string|null>} the message, may be empty; null: declined
 */
export async function askForMessage(lock) {
	const id = newId('message');
	const message = h('input', { class: 'input', id, maxLength: 1000, autocomplete: 'off' });
	const answer = await ask({
		name: 'request',
		title: `Request the row from ${personName(lock)}?`,
		body: [
			h('p', {}, `${personName(lock)} is notified immediately, and can save and hand over.`),
			lockFacts(lock),
			h('div', {}, h('label', { class: 'label', htmlFor: id }, 'Message', h('span', { class: 'quiet' }, ' (optional)')), message),
		],
		choices: [
			{ value: 'no', text: 'Cancel' },
			{ value: 'yes', text: 'Request editing' },
		],
	});
	return answer === 'yes' ? message.value.trim() : null;
}

function lockFacts(lock) {
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
