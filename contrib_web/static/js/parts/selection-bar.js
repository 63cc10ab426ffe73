/**
 * The bar over a list of locks that shows how many are chosen. There is one
 * bar for all selections, so that its buttons keep the focus while locks come
 * and go.
 */
import { t } from '../lang/texts.js';
import { h } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

/** The bar. `element` is its element. */
export class SelectionBar {
	#count = h('strong');
	#all;
	#breakText = h('span');

	/**
	 * @param {object} actions
	 * @param {(on: boolean) => void} actions.chooseAll
	 * @param {() => any} actions.breakChosen may be async
	 */
	constructor({ chooseAll, breakChosen }) {
		this.#all = button(t('select.all'), () => chooseAll(true), { kind: 'small plain' });
		this.element = h(
			'div',
			{ class: 'selection', hidden: true },
			this.#count,
			this.#all,
			button(t('select.none'), () => chooseAll(false), { kind: 'small plain' }),
			button(this.#breakText, breakChosen, { kind: 'small danger', name: 'unlock' }),
		);
	}

	/**
	 * @param {number} n how many locks are chosen
	 * @param {number} total how many there are
	 * @returns {void}
	 */
	show(n, total) {
		this.element.hidden = n === 0;
		this.#all.disabled = n === total;
		this.#count.textContent = t('select.count', { n });
		this.#breakText.textContent = t('select.remove', { n });
	}
}
