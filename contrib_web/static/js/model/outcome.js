/**
 * What an answer says about a write: whether it was executed.
 */

const isOf = ({ type }, kinds) => kinds.some((kind) => type === `urn:locking:problem:${kind}`);
const isOfServer = ({ type = '' }) => type.startsWith('urn:locking:problem:');

/**
 * Whether the write may have been executed although it failed: there was no
 * answer, or one that does not come from the write itself.
 * @param {{ status: number, problem: object }} answer
 * @returns {boolean}
 */
export const mayBeExecuted = ({ status, problem }) =>
	status === 0 || (status >= 500 && !isOf(problem ?? {}, ['timeout', 'busy', 'exhausted', 'internal']));

/**
 * Whether the answer to a repetition tells that no earlier attempt was
 * executed. Those before the write itself (the session, too many requests, a
 * wait that took too long, a standby, a proxy that refuses) do not. Nor does
 * a condition that others' writes have failed: the page looks again.
 * @param {{ status: number, problem: object }} answer
 * @returns {boolean}
 */
export const isDecided = ({ status, problem }) =>
	isOfServer(problem ?? {}) && status >= 400 && status < 500 && ![401, 408, 412, 425, 429].includes(status) && !isOf(problem, ['csrf', 'other-user', 'read-only']);

/**
 * Whether the request was refused because of the session: it has ended, or is
 * another user's.
 * @param {{ status: number, problem: object }} answer
 * @returns {boolean}
 */
export const isSessionGone = ({ status, problem }) =>
	status === 401 || (status === 403 && isOf(problem ?? {}, ['csrf', 'other-user']));
