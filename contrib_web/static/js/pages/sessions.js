/**
 * The user's own sessions: where and since when the user is signed in.
 */
import { Problem } from '../client/api.js';
import { browserName } from '../model/browser.js';
import { exactMoment, moment } from '../model/text.js';
import { toastProblem } from '../parts/problem-toast.js';
import { toast } from '../ui/announce.js';
import { h } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

const HEADS = ['Browser', 'From', 'Since', 'Last used'];

/** Implements Page of app.js. */
export class SessionsPage {
	title = 'Your sessions';
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
					h('h1', { tabIndex: -1 }, 'Your sessions'),
					h('p', { class: 'quiet' }, 'Browsers and programs in which you are signed in. End those that you do not know.'),
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
		this.#list.replaceChildren(
			this.#table(),
			...(others.length > 1 ? [h('div', { class: 'pager' }, button('End all others', () => this.#end(others), { kind: 'danger' }))] : []),
		);
	}

	#table() {
		return h(
			'div',
			{ class: 'data stack' },
			h(
				'table',
				{ role: 'table', 'aria-label': 'Your sessions' },
				h(
					'thead',
					{ role: 'rowgroup' },
					h(
						'tr',
						{ role: 'row' },
						HEADS.map((text) => h('th', { role: 'columnheader', scope: 'col' }, text)),
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
		const end = button('End', () => this.#end([session]), { kind: 'small', label: `End the session of ${name} from ${session.address}` });
		return h(
			'tr',
			{ role: 'row', data: { id: session.id } },
			h('th', { role: 'rowheader', scope: 'row', class: 'lead', title: session.user_agent }, name),
			cell('From', session.address),
			cell('Since', time(session.started_at)),
			cell('Last used', time(session.used_at)),
			h('td', { role: 'cell', class: 'fit' }, session.is_current ? h('span', { class: 'chip mine' }, 'This session') : end),
		);
	}

	async #end(sessions) {
		try {
			for (const { id } of sessions) await this.#app.api.delete(`/sessions/${id}`).catch(unlessEnded);
			toast(sessions.length === 1 ? 'The session is ended.' : `${sessions.length} sessions are ended.`);
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
