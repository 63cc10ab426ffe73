/**
 * Signing in: the fields, and a dialog over a page whose session has ended.
 */
import { Problem } from '../client/api.js';
import { explain } from '../model/problem.js';
import { announce } from '../ui/announce.js';
import { ask } from '../ui/dialog.js';
import { h, icon, newId } from '../ui/dom.js';

/**
 * Lets the user sign in again without leaving the page.
 * @param {object} app
 * @returns {Promise<void>} when the user has signed in, or declined
 */
export async function signInAgain(app) {
	const { fields, submit, role, password } = credentials((...given) => app.signIn(...given));
	role.value = app.session.role;
	password.autofocus = true;
	await ask({
		name: 'sign-in',
		title: 'You are signed out',
		body: [h('p', {}, 'Your session has ended. Sign in again to continue; what you typed is still here.'), ...fields],
		choices: [
			{ value: 'no', text: 'Not now' },
			{ value: 'yes', text: 'Sign in' },
		],
		check: async (answer) => answer === 'no' || submit(),
	});
}

/**
 * Fields for a role and its password.
 * @param {(role: string, password: string) => Promise<void>} signIn
 * @returns {object} fields: the elements; role, password: their inputs;
 *   submit(): signs in, or shows why not, and returns whether it succeeded
 */
export function credentials(signIn) {
	const errorId = newId('error');
	const error = h('p', { class: 'field-error', id: errorId, hidden: true });
	const role = h('input', {
		class: 'input',
		id: newId('role'),
		name: 'role',
		autocomplete: 'username',
		autocapitalize: 'none',
		spellcheck: false,
		required: true,
		maxLength: 63,
		'aria-describedby': errorId,
	});
	const password = h('input', {
		class: 'input',
		id: newId('password'),
		name: 'password',
		type: 'password',
		autocomplete: 'current-password',
		maxLength: 1000,
		'aria-describedby': errorId,
	});
	const fields = [
		h('div', {}, h('label', { class: 'label', htmlFor: role.id }, 'Name'), role),
		h('div', {}, h('label', { class: 'label', htmlFor: password.id }, 'Password'), password),
		error,
	];

	function refuse(text, field) {
		error.replaceChildren(icon('warn'), text);
		error.hidden = false;
		field.setAttribute('aria-invalid', 'true');
		field.focus();
		announce(text, { urgent: true });
		return false;
	}

	async function submit() {
		role.removeAttribute('aria-invalid');
		password.removeAttribute('aria-invalid');
		if (role.value.trim() === '') return refuse('Enter your name.', role);
		try {
			await signIn(role.value.trim(), password.value);
			return true;
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			password.select();
			return refuse(whyNot(problem), password);
		}
	}
	return { fields, submit, role, password };
}

// Status 401 means wrong credentials here, not an ended session, so the
// explanation of 401 does not apply.
function whyNot({ status, problem }) {
	const { title, detail, advice } = explain(status === 401 ? -1 : status, problem);
	return [`${title}.`, status === 401 ? '' : detail, advice].filter(Boolean).join(' ');
}
