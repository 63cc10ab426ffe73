/**
 * Toasts for failed requests.
 */
import { Problem } from '../client/api.js';
import { explain } from '../model/problem.js';
import { toast } from '../ui/announce.js';

/**
 * Shows why a request failed.
 * @param {Error} error thrown again unless it is a Problem
 * @returns {void}
 */
export function toastProblem(error) {
	if (!(error instanceof Problem)) throw error;
	const { title, detail } = explain(error.status, error.problem);
	toast(`${title}. ${detail}`, { bad: true });
}
