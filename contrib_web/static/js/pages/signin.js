/**
 * Signing in: as a page, and as a dialog on top of a page whose session has ended.
 */
import { Problem } from '../api.js';
import { h, icon, newId } from '../dom.js';
import { explain } from '../model/problem.js';
import { themeButton } from '../shell.js';
import { announce, ask } from '../ui.js';

export class SignInPage {
	title = 'Sign in';

	constructor(app, { query }) {
		const { fields, submit, role } = credentials((...words) => app.signIn(...words));
		role.dataset.autofocus = '';
		const go = h('button', { class: 'button primary', type: 'submit' }, 'Sign in');
		const form = h(
			'form',
			{
				class: 'signin-form',
				noValidate: true,
				on: {
					submit: async (event) => {
						event.preventDefault();
						go.disabled = true;
						if (await submit()) app.router.go(`/signin?${new URLSearchParams(query)}`, { replace: true });
						go.disabled = false;
					},
				},
			},
			...fields,
			go,
		);
		this.element = h(
			'div',
			{ class: 'signin' },
			h('div', { class: 'signin-head' }, h('span', { class: 'brand' }, icon('logo'), 'locking'), themeButton()),
			h(
				'div',
				{ class: 'card' },
				h(
					'div',
					{ class: 'body' },
					h('h1', { tabIndex: -1 }, 'Sign in'),
					h('p', { class: 'quiet' }, 'With your PostgreSQL role and its password.'),
					form,
				),
			),
		);
	}
}

/** @returns {Promise<void>} when somebody has signed in, or does not want to */
export async function signInAgain(app) {
	const { fields, submit, role, password } = credentials((...words) => app.signIn(...words));
	role.value = app.session.role;
	password.autofocus = true;
	await ask({
		title: 'You are signed out',
		body: [h('p', {}, 'Your session has ended. Sign in again to go on; what you typed is still here.'), ...fields],
		choices: [
			{ value: 'no', text: 'Not now' },
			{ value: 'yes', text: 'Sign in' },
		],
		check: async (answer) => answer === 'no' || submit(),
	});
}

function credentials(signIn) {
	const roleId = newId('role');
	const passwordId = newId('password');
	const errorId = newId('error');
	const error = h('p', { class: 'field-error', id: errorId, hidden: true });
	const role = h('input', {
		class: 'input',
		id: roleId,
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
		id: passwordId,
		name: 'password',
		type: 'password',
		autocomplete: 'current-password',
		maxLength: 1000,
		'aria-describedby': errorId,
	});
	const fields = [
		h('div', {}, h('label', { class: 'label', htmlFor: roleId }, 'Role'), role),
		h('div', {}, h('label', { class: 'label', htmlFor: passwordId }, 'Password'), password),
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

	/** @returns {Promise<boolean>} whether it worked; if not, the form says why */
	async function submit() {
		role.removeAttribute('aria-invalid');
		password.removeAttribute('aria-invalid');
		if (role.value.trim() === '') return refuse('Who are you? Give the name of your role.', role);
		try {
			await signIn(role.value.trim(), password.value);
			return true;
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			const { title, detail, advice } = explain(problem.status === 401 ? -1 : problem.status, problem.problem);
			password.select();
			return refuse([`${title}.`, problem.status === 401 ? '' : detail, advice].filter(Boolean).join(' '), password);
		}
	}
	return { fields, submit, role, password };
}
