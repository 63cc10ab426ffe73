/**
 * Ending locks: the user's own by releasing it, others' by removing them, if
 * allowed, or else by requesting the row from the holder.
 */
import { t } from '../lang/texts.js';
import { rowPath } from '../client/api.js';
import { h, newId } from '../ui/dom.js';
import { duration, moment, personName, whoIsEditing } from '../model/text.js';
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
		title: t('unlock.release'),
		body: [
			h('p', {}, whoIsEditing(lock)),
			h('p', { class: 'quiet' }, t('unlock.release.text')),
		],
		choices: [
			{ value: 'no', text: t('action.cancel') },
			{ value: 'yes', text: t('action.release') },
		],
	});
	if (answer !== 'yes') return false;
	const { data } = await app.api.get(`${rowPath(lock.table, lock.key)}/lock`);
	if (data.lock?.is_mine) await app.api.delete(`${rowPath(lock.table, lock.key)}/lock`, { body: { token: data.lock.token } });
	toast(t('unlock.released'));
	return true;
}

async function breakOne(app, lock) {
	const reason = await askReason({
		name: 'break-lock',
		title: t('unlock.remove'),
		text: [`${whoIsEditing(lock)} ${t('unlock.remove.text', { n: 1 })}`, lockFacts(lock)],
		action: t('unlock.remove_lock'),
	});
	if (reason === null) return false;
	const { data } = await app.api.post(`${rowPath(lock.table, lock.key)}/lock/break`, { reason });
	toast(data.broken ? t('unlock.removed', { who: personName(lock) }) : t('unlock.was_free'));
	return true;
}

async function askFor(app, lock) {
	const message = await askForMessage(lock);
	if (message === null) return false;
	await app.api.post(`${rowPath(lock.table, lock.key)}/request`, { message: message || null });
	toast(t('request.sent', { who: personName(lock) }));
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
		title: t('request.title', { who: personName(lock) }),
		body: [
			h('p', {}, t('request.text', { who: personName(lock) })),
			lockFacts(lock),
			h('div', {}, h('label', { class: 'label', htmlFor: id }, t('field.message'), h('span', { class: 'quiet' }, ` ${t('field.optional')}`)), message),
		],
		choices: [
			{ value: 'no', text: t('action.cancel') },
			{ value: 'yes', text: t('action.request') },
		],
	});
	return answer === 'yes' ? message.value.trim() : null;
}

function lockFacts(lock) {
	const left = (lock.endsAt - performance.now()) / 1000;
	const facts = [
		lock.acquired_at ? [t('lock.facts.since'), moment(lock.acquired_at)] : null,
		[t('lock.facts.ends_in'), left > 0 ? t('lock.facts.unless_renewed', { time: duration(left) }) : t('lock.facts.moment')],
		lock.note ? [t('lock.facts.note'), lock.note] : null,
	].filter(Boolean);
	return h(
		'dl',
		{ class: 'facts small' },
		facts.map(([term, text]) => [h('dt', {}, term), h('dd', {}, text)]),
	);
}
