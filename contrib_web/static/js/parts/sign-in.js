/**
 * Signing in: the fields, and a panel beside a page whose session has ended.
 */
import { t } from '../lang/texts.js';
import { Problem } from '../client/api.js';
import { explain } from '../model/problem.js';
import { personName } from '../model/text.js';
import { announce } from '../ui/announce.js';
import { focusMayMove } from '../ui/attention.js';
import { h, icon, newId } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

/**
 * A panel beside the page, with which its user signs in again. It appears by
 * itself, so it does not take the focus, and covers nothing that cannot be
 * scrolled into view. Only the page's own user can sign in here: what was
 * typed must not be saved as another.
 * @param {object} app
 * @param {string|null} other the other user who is signed in instead; null:
 *   none
 * @returns {HTMLElement}
 */
export function signInPanel(app, other) {
	const titleId = newId('title');
	const title = other === null ? t('problem.signed_out') : t('signin.other', { who: other });
	const text = other === null ? signedOutText(app.session) : otherUserText(app.session, other);
	announce(`${title}. ${text}`, { urgent: true });
	return h(
		'section',
		{ class: 'sign-in-panel', 'aria-labelledby': titleId },
		h('h2', { id: titleId }, icon('warn'), title),
		h('p', {}, text),
		app.session.proxy ? proxyActions(app) : passwordForm(app, other),
	);
}

const signedOutText = (session) => (session.proxy ? t('signin.by_proxy') : t('signin.again', { who: personName(session) }));

const otherUserText = (session, other) => t('signin.other.text', { who: personName(session), other });

const proxyActions = (app) =>
	h('div', { class: 'button-row' }, button(t('action.continue'), () => app.checkSession(), { kind: 'primary' }), reload());

// Loading the page again asks first if there is unsaved text.
const reload = () => button(t('action.load_again'), () => location.reload(), { kind: 'plain' });

function passwordForm(app, other) {
	const { fields, submit, role, password } = credentials((...given) => app.signIn(...given));
	role.value = app.session.role;
	role.readOnly = true;
	const go = h('button', { class: 'button primary', type: 'submit' }, t('action.sign_in'));
	return h(
		'form',
		{
			noValidate: true,
			on: {
				submit: async (event) => {
					event.preventDefault();
					const mayFocus = focusMayMove();
					go.disabled = true;
					await submit();
					go.disabled = false;
					if (password.isConnected && mayFocus()) password.focus();
				},
			},
		},
		...fields,
		h('div', { class: 'button-row' }, go, other === null ? null : reload()),
	);
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
		h('div', {}, h('label', { class: 'label', htmlFor: role.id }, t('field.name')), role),
		h('div', {}, h('label', { class: 'label', htmlFor: password.id }, t('field.password')), password),
		error,
	];

	// select() moves the focus too, in Chromium.
	function refuse(text, field, mayFocus) {
		error.replaceChildren(icon('warn'), text);
		error.hidden = false;
		field.setAttribute('aria-invalid', 'true');
		if (mayFocus()) {
			field.focus();
			field.select();
		}
		announce(text, { urgent: true });
		return false;
	}

	async function submit() {
		role.removeAttribute('aria-invalid');
		password.removeAttribute('aria-invalid');
		const mayFocus = focusMayMove();
		if (role.value.trim() === '') return refuse(t('signin.name_missing'), role, mayFocus);
		try {
			await signIn(role.value.trim(), password.value);
			return true;
		} catch (problem) {
			if (!(problem instanceof Problem)) throw problem;
			return refuse(whyNot(problem), password, mayFocus);
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
