/**
 * The user's own sessions: where and since when the user is signed in.
 */
import { t } from '../lang/texts.js';
import { Problem } from '../client/api.js';
import { browserName } from '../model/browser.js';
import { exactMoment, moment } from '../model/text.js';
import { toastProblem } from '../parts/problem-toast.js';
import { toast } from '../ui/announce.js';
import { h } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import { button } from '../ui/widgets.js';

/** Keys of the headers. */
const HEADS = ['head.browser', 'head.from', 'head.since', 'head.last_used'];

/** Implements Page of app.js. */
export class SessionsPage {
	title = t('sessions.title');
	#app;
	#sessions = [];
	#list = h('div', {});

	/** @param {object} app */
	constructor(app) {
		this.#app = app;
	}

	async load() {
		await this.#read();
		this.element = h(
			'div',
			{},
			h(
				'div',
				{ class: 'page-head' },
				h(
					'div',
					{},
					h('h1', { tabIndex: -1 }, this.title),
					h('p', { class: 'quiet' }, t('sessions.text')),
				),
			),
			this.#list,
		);
	}

	async #read() {
		const { data } = await this.#app.api.get('/sessions');
		this.#sessions = data.sessions;
		this.#draw();
	}

	#draw() {
		const others = this.#sessions.filter((session) => !session.is_current);
		const endOthers = others.length > 1 ? [h('div', { class: 'pager' }, button(t('sessions.end_others'), () => this.#end(others), { kind: 'danger' }))] : [];
		keepFocus(this.#list, () => this.#list.replaceChildren(this.#table(), ...endOthers));
	}

	#table() {
		return h(
			'div',
			{ class: 'data stack' },
			h(
				'table',
				{ role: 'table', 'aria-label': this.title },
				h(
					'thead',
					{ role: 'rowgroup' },
					h(
						'tr',
						{ role: 'row' },
						HEADS.map((key) => h('th', { role: 'columnheader', scope: 'col' }, t(key))),
						h('td', { role: 'cell', class: 'fit' }),
					),
				),
				h(
					'tbody',
					{ role: 'rowgroup' },
					this.#sessions.map((session) => this.#row(session)),
				),
			),
		);
	}

	#row(session) {
		const name = browserName(session.user_agent);
		const end = button(t('sessions.end'), () => this.#end([session]), { kind: 'small', label: t('sessions.end_of', { browser: name, address: session.address }) });
		return h(
			'tr',
			{ role: 'row', data: { id: session.id } },
			h('th', { role: 'rowheader', scope: 'row', class: 'lead', title: session.user_agent }, name),
			cell(t('head.from'), session.address),
			cell(t('head.since'), time(session.started_at)),
			cell(t('head.last_used'), time(session.used_at)),
			h('td', { role: 'cell', class: 'fit ends' }, session.is_current ? h('span', { class: 'chip mine' }, t('sessions.this')) : end),
		);
	}

	async #end(sessions) {
		try {
			for (const { id } of sessions) await this.#app.api.delete(`/sessions/${id}`).catch(unlessEnded);
			toast(t('sessions.ended', { n: sessions.length }));
			await this.#read();
		} catch (error) {
			toastProblem(error);
		}
	}
}

const cell = (label, content) => h('td', { role: 'cell', data: { label } }, content);
const time = (at) => h('span', { class: 'number', title: exactMoment(at) }, moment(at));

function unlessEnded(error) {
	if (!(error instanceof Problem) || error.status !== 404) throw error;
}
