/**
 * Removing several locks at once.
 */
import { t } from '../lang/texts.js';
import { reasonOf } from '../model/problem.js';
import { fullName } from '../model/text.js';
import { toast } from '../ui/announce.js';
import { askReason } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { toastProblem } from './problem-toast.js';
import { tableLabel } from '../model/column.js';

/**
 * Ends locks, after a confirmation, and shows the result.
 * @param {object} app
 * @param {object[]} locks
 * @param {(lock: object) => string} labelOf the lock's row
 * @returns {Promise<boolean>} whether the request succeeded
 */
export async function breakLocks(app, locks, labelOf) {
	const reason = await askWhy(locks, labelOf);
	if (reason === null) return false;
	try {
		const { data } = await app.api.post('/locks/break', {
			locks: locks.map(({ table, key }) => ({ table, key })),
			reason,
		});
		showResults(data.results);
		return true;
	} catch (error) {
		toastProblem(error);
		return false;
	}
}

function askWhy(locks, labelOf) {
	const isOne = locks.length === 1;
	return askReason({
		name: 'break-locks',
		title: isOne ? t('unlock.remove') : t('unlock.remove_several', { n: locks.length }),
		text: [heldRows(locks, labelOf), t('unlock.remove.text', { n: locks.length })],
		action: t(isOne ? 'unlock.remove_lock' : 'unlock.remove_locks'),
	});
}

/** The rows by holder. */
function heldRows(locks, labelOf) {
	const people = [...new Set(locks.map(fullName))];
	const rowsOf = (person) => locks.filter((lock) => fullName(lock) === person).map((lock) => `${labelOf(lock)} (${tableLabel(lock.name)})`);
	return h(
		'dl',
		{ class: 'facts held' },
		people.map((person) => [h('dt', {}, person), h('dd', {}, rowsOf(person).join(', '))]),
	);
}

const whyRefused = ({ problem }) => reasonOf({ status: problem.status, problem });

function showResults(results) {
	const broken = results.filter((result) => result.broken).length;
	const refused = results.filter(({ problem }) => problem);
	if (broken) toast(t('unlock.removed_several', { n: broken }));
	if (refused.length)
		toast(t('unlock.not_removed', { n: refused.length, why: whyRefused(refused[0]) }), { bad: true });
	if (!broken && !refused.length) toast(t('unlock.had_ended'));
}
