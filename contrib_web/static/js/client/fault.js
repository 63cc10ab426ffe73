/**
 * Why a page cannot use locking-web at all.
 */

/**
 * @typedef {'signedout'|'othersite'|'wrongorigin'|'refused'
 *   |'unanswered'} Fault
 *   `signedout`: there is no session. `othersite`: the page is of another
 *   site, to which browsers do not send the session's cookie. `wrongorigin`:
 *   locking-web does not allow the page's origin (--allow-origin).
 *   `refused`: the session is refused for another reason, which the problem
 *   has. `unanswered`: there is no answer of locking-web, or the database is
 *   not available
 */

/**
 * Finds the fault behind a failed request for the session.
 * @param {import('./api.js').Problem} problem
 * @param {string} base origin of locking-web; '': the page's own
 * @returns {Promise<Fault>}
 */
export async function faultOf({ status, problem }, base) {
	if (status === 401) return 'signedout';
	if (problem.foreign) return 'unanswered';
	if (status === 0) return (await isOtherwiseReachable(base)) ? 'wrongorigin' : 'unanswered';
	if (status !== 403) return 'unanswered';
	return /:other-site$/.test(problem.type ?? '') ? 'othersite' : 'refused';
}

// A browser does not tell a script whether a request failed, or its answer
// may not be read. A request whose answer is not read fails only without one.
async function isOtherwiseReachable(base) {
	if (!base || new URL(base, location.href).origin === location.origin) return false;
	try {
		await fetch(`${base}/healthz`, { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(5000) });
		return true;
	} catch {
		return false;
	}
}
