/**
 * The sign-in page.
 */
import { t } from '../lang/texts.js';
import { paths } from '../model/route.js';
import { credentials } from '../parts/sign-in.js';
import { languageChoice } from '../parts/language-choice.js';
import { themeButton } from '../parts/theme-button.js';
import { h, icon } from '../ui/dom.js';

/** Implements Page of app.js. */
export class SignInPage {
	title = t('action.sign_in');

	/**
	 * @param {object} app
	 * @param {{ query: { next?: string } }} route next: the address to show
	 *   afterwards
	 */
	constructor(app, { query }) {
		const { fields, submit, role } = credentials((...given) => app.signIn(...given));
		role.dataset.autofocus = '';
		const go = h('button', { class: 'button primary', type: 'submit' }, t('action.sign_in'));
		const form = h(
			'form',
			{
				class: 'signin-form',
				noValidate: true,
				on: {
					submit: async (event) => {
						event.preventDefault();
						go.disabled = true;
						if (await submit()) app.router.go(paths.signin(query), { replace: true });
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
			h('div', { class: 'signin-head' }, h('span', { class: 'brand' }, icon('logo'), 'locking'), h('span', { class: 'button-row' }, languageChoice(app), themeButton())),
			h(
				'div',
				{ class: 'card' },
				h(
					'div',
					{ class: 'body' },
					h('h1', { tabIndex: -1 }, this.title),
					h('p', { class: 'quiet' }, t('signin.text')),
					form,
				),
			),
		);
	}
}
