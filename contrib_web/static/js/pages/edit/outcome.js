/**
 * Writes of an edit page whose answer may get lost. Until it is known what
 * became of one, the page says so, and nothing else.
 */
import { t } from '../../lang/texts.js';
import { sendOnce } from '../../client/once.js';
import { isSessionGone } from '../../model/outcome.js';
import { explain } from '../../model/problem.js';
import { announce } from '../../ui/announce.js';
import { banner } from '../../ui/widgets.js';

const titleOf = ({ method }) => t(method === 'DELETE' ? 'unknown.deleted' : 'unknown.title');

/**
 * @param {object} app
 * @param {import('../../client/once.js').Write} write
 * @param {object} options
 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
 * @param {AbortSignal} options.signal of the page's end
 * @param {() => Promise<string|null|undefined>} [options.look] see sendOnce()
 * @param {boolean} [options.wasSent] see sendOnce()
 * @param {() => void} [options.onUnknown] called once, if there is no answer
 * @returns {Promise<import('../../client/api.js').Reply>}
 * @throws {import('../../client/api.js').Problem} it was not executed
 * @throws {import('../../client/once.js').NotRepeated}
 */
export async function lookInto(app, write, { notes, signal, look, wasSent = false, onUnknown = () => {} }) {
	const title = titleOf(write);
	let isUnknown = false;
	const tell = (problem) => {
		const words = told(problem, write);
		notes.remove('failed');
		notes.keep('unknown', words, () => banner('warn', { icon: 'clock', title, text: words }));
		if (isUnknown) return;
		isUnknown = true;
		announce(`${title} ${words}`, { urgent: true });
		onUnknown();
	};
	try {
		return await sendOnce(app, write, { onUnknown: tell, look, wasSent, signal });
	} finally {
		notes.keep('unknown', null);
	}
}

function told(problem, { method }) {
	if (isSessionGone(problem)) return t('unknown.sign_in');
	const { title } = explain(problem.status, problem.problem);
	return `${title}. ${t(method === 'DELETE' ? 'unknown.deleted.text' : 'unknown.text')}`;
}
