/**
 * Texts for problem documents: what happened, and what the user can do.
 */
import { duration, personName } from './text.js';

const kindOf = (problem) => (problem?.type ?? '').replace('urn:locking:problem:', '');

/**
 * @param {number} status the HTTP status; 0: no response
 * @param {object} problem the problem document, or {}
 * @returns {{ title: string, detail: string, advice: string }} detail and
 *   advice may be empty
 */
export function explain(status, problem) {
	const detail = [problem?.detail, problem?.cause ?? problem?.hint].filter(Boolean).join('. ');
	const known = explanations[kindOf(problem)] ?? explanations[status] ?? (status >= 500 ? explanations[503] : explanations.other);
	const { title, advice } = known(problem ?? {});
	return { title: title ?? problem?.title ?? 'The request failed', detail: sentence(detail), advice };
}

// PostgreSQL's messages have neither capital nor period.
const sentence = (text) => (text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`);

const explanations = {
	0: () => ({ title: 'The server cannot be reached', advice: 'Check the connection.' }),
	401: () => ({ title: 'You are signed out', advice: 'Sign in again.' }),
	403: () => ({ title: 'Not allowed', advice: 'Ask an administrator for the privilege.' }),
	404: () => ({ title: 'Not found', advice: '' }),
	413: () => ({ title: 'Too much data', advice: 'Shorten the text and save again.' }),
	422: ({ column }) =>
		column
			? { title: 'A value was rejected', advice: 'Correct it and save again.' }
			: { title: 'The database refuses the change', advice: 'Nothing was changed.' },
	429: () => ({ title: 'Too many attempts', advice: 'Wait a moment, then try again.' }),
	503: () => ({ title: 'The database is not available', advice: 'Try again in a moment.' }),
	internal: () => ({ title: 'The server reports an internal error', advice: 'Tell an administrator: the log of the server says more.' }),
	exhausted: () => ({ title: 'The database is out of disk space, memory or connections', advice: 'Try again in a moment, or tell an administrator.' }),
	'read-only': () => ({ title: 'The database is read-only', advice: 'Rows can be read, but not changed.' }),
	limit: () => ({ title: 'A limit is reached', advice: '' }),
	busy: () => ({ title: 'Another transaction is writing this', advice: 'Try again in a moment.' }),
	csrf: () => ({ title: 'This page is out of date', advice: 'Load it again, then repeat what you did.' }),
	'other-user': ({ owner }) => ({ title: `${owner} is signed in in this browser`, advice: 'Sign in again, or load the page again.' }),
	gone: () => ({ title: 'The row has been deleted since', advice: '' }),
	timeout: () => ({
		title: 'The request took too long',
		advice: 'Try again in a moment.',
	}),
	locked: ({ lock }) =>
		lock
			? {
					title: `Locked by ${personName(lock)}`,
					advice: `You cannot save this because it is locked by ${personName(lock)} for roughly ${duration(lock.seconds_left)} more. Request editing, or copy your text.`,
				}
			: { title: 'Locked', advice: 'The lock has ended since. Try again.' },
	'held-elsewhere': () => ({
		title: 'You are editing this in another tab',
		advice: 'Take control in this tab, or continue in the other.',
	}),
	'lock-required': () => ({ title: 'A lock is needed', advice: 'Lock the row first, then save.' }),
	lost: () => ({
		title: 'Your lock has ended',
		advice: 'Compare your text with the row as it is now, then lock it again and save.',
	}),
	'not-protected': () => ({ title: 'Rows of this table cannot be locked now', advice: '' }),
	'sign-in-failed': () => ({ title: 'Sign-in failed', advice: 'Check name and password.' }),
	other: () => ({ advice: 'Try again.' }),
};
