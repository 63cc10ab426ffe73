/**
 * Texts for problem documents: what happened, and what the user can do.
 */
import { currentLanguage, hasText, t } from '../lang/texts.js';
import { duration, personName } from './text.js';

const kindOf = (problem) => (problem?.type ?? '').replace('urn:locking:problem:', '');

/**
 * @param {number} status the HTTP status; 0: no response
 * @param {object} problem the problem document, or {}
 * @returns {{ title: string, detail: string, advice: string }} detail and
 *   advice may be empty
 */
export function explain(status, problem) {
	const detail = [detailOf(problem ?? {}), problem?.cause ?? problem?.hint].filter(Boolean).join('. ');
	const known = explanations[kindOf(problem)] ?? explanations[status] ?? (status >= 500 ? explanations[503] : explanations.other);
	const { title, advice } = known(problem ?? {});
	return { title, detail: sentence(detail), advice };
}

/**
 * Why something was refused, for the end of a sentence.
 * @param {{ status: number, problem: object }} refusal
 * @returns {string} without a period
 */
export function reasonOf({ status, problem }) {
	const { title } = explain(status, problem);
	const detail = detailOf(problem ?? {})?.replace(/\.$/, '') ?? title;
	return detail.startsWith('(') ? `${title} ${detail}` : detail;
}

/** Problems that the page explains as fully as locking-web's detail does. */
const TOLD = ['unauthenticated', 'sign-in-failed', 'csrf', 'other-user', 'gone', 'changed', 'lost', 'held-elsewhere', 'lock-required'];

/**
 * The server's text: that of the database is in the database's language, that
 * of locking-web (without SQLSTATE) in English. In other languages, pages add
 * the latter in parentheses, unless it says no more than the page does. For a
 * value, they first explain the SQLSTATE, if they know it: users' triggers
 * may raise any. A problem without a type is the page's own: no answer.
 * @param {object} problem
 * @returns {string|undefined}
 */
export function detailOf(problem) {
	const { detail, sqlstate, column, constraint, type } = problem;
	const key = `sqlstate.${sqlstate}`;
	if ((column || constraint) && hasText(key)) return [t(key), detail && `(${detail})`].filter(Boolean).join(' ');
	if (!detail || sqlstate || !type || currentLanguage() === 'en') return detail;
	if (column) return `${t('problem.value')} (${detail})`;
	return problem.lock || TOLD.includes(kindOf(problem)) ? undefined : `(${detail})`;
}

// PostgreSQL's messages have neither capital nor period.
const sentence = (text) => (text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$|^\(.*\)$/.test(text) ? '' : '.'}`);

// Pages of this version do not send such a request.
const notUnderstood = () => ({ title: t('problem.bad_request'), advice: t('advice.load_page') });

const explanations = {
	0: () => ({ title: t('problem.offline'), advice: t('advice.connection') }),
	401: () => ({ title: t('problem.signed_out'), advice: t('advice.sign_in') }),
	403: () => ({ title: t('problem.forbidden'), advice: t('advice.privilege') }),
	404: () => ({ title: t('problem.not_found'), advice: '' }),
	413: () => ({ title: t('problem.too_large'), advice: t('advice.shorten') }),
	422: ({ column }) =>
		column
			? { title: t('problem.value'), advice: t('advice.correct') }
			: { title: t('problem.refused'), advice: t('advice.unchanged') },
	429: () => ({ title: t('problem.too_many'), advice: t('advice.wait') }),
	503: () => ({ title: t('problem.unavailable'), advice: t('advice.later') }),
	'bad-request': notUnderstood,
	'method-not-allowed': notUnderstood,
	'unsupported-media-type': notUnderstood,
	'head-too-large': notUnderstood,
	'other-site': () => ({ title: t('problem.other_site'), advice: '' }),
	// Only locking-web's own refusals have a detail: load, or shutdown.
	unavailable: ({ detail }) => ({ title: t(detail ? 'problem.not_now' : 'problem.unavailable'), advice: t('advice.later') }),
	internal: () => ({ title: t('problem.internal'), advice: t('advice.log') }),
	exhausted: () => ({ title: t('problem.exhausted'), advice: t('advice.later_or_tell') }),
	'read-only': () => ({ title: t('problem.read_only'), advice: t('advice.read_only') }),
	limit: () => ({ title: t('problem.limit'), advice: '' }),
	busy: () => ({ title: t('problem.busy'), advice: t('advice.later') }),
	csrf: () => ({ title: t('problem.csrf'), advice: t('advice.load_and_repeat') }),
	'other-user': ({ owner }) => ({ title: t('problem.other_user', { who: owner }), advice: t('advice.sign_in_or_load') }),
	changed: () => ({ title: t('problem.changed'), advice: '' }),
	gone: () => ({ title: t('problem.gone'), advice: '' }),
	timeout: () => ({ title: t('problem.timeout'), advice: t('advice.later') }),
	locked: ({ lock }) => {
		if (!lock) return { title: t('problem.locked'), advice: t('advice.lock_ended') };
		// A trigger or a cascade met another row.
		if (lock.is_mine) return { title: t('problem.other_row_locked'), advice: '' };
		const who = personName(lock);
		return { title: t('lock.by', { who }), advice: t('advice.locked', { who, time: duration(lock.seconds_left) }) };
	},
	'held-elsewhere': () => ({ title: t('problem.held_elsewhere'), advice: t('advice.control') }),
	'lock-required': () => ({ title: t('problem.lock_required'), advice: t('advice.lock_first') }),
	lost: () => ({ title: t('problem.lost'), advice: t('advice.compare') }),
	'not-protected': () => ({ title: t('problem.not_protected'), advice: '' }),
	'sign-in-refused': () => ({ title: t('problem.sign_in_refused'), advice: t('advice.tell_password') }),
	'sign-in-failed': () => ({ title: t('problem.sign_in_failed'), advice: t('advice.credentials') }),
	other: () => ({ title: t('problem.failed'), advice: t('advice.again') }),
};
