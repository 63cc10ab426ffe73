/**
 * The control of an array of one dimension: an input per element. The inputs
 * stay in the document while the user types, and elements that are not edited
 * keep their text in the array literal.
 */
import { t } from '../../lang/texts.js';
import { formatItem, parseItems } from '../../model/array-text.js';
import { wrongElements } from '../../model/column.js';
import { shownText } from '../../model/line-ends.js';
import { h, icon } from '../../ui/dom.js';
import { NONE, storedIn } from './base.js';

const isBlank = (value) => value === null || value === undefined || value === '';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const array = ({ id, label, describedby, column }, changed) => {
	const delimiter = column.delimiter ?? ',';
	const items = [];
	let last = NONE;
	let isReadOnly = false;
	const rows = h('ol', { class: 'items' });
	const add = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			'aria-label': t('array.add_to', { label }),
			on: {
				click: () => {
					append({ value: '', raw: '""' });
					number();
					report();
					items.at(-1).focus();
				},
			},
		},
		icon('plus'),
		t('action.add'),
	);
	const element = h(
		'div',
		{ class: 'stacked', role: 'group', id, tabIndex: -1, 'aria-labelledby': `${id}-label`, 'aria-describedby': describedby },
		rows,
		add,
	);

	function report() {
		last = `{${items.map(({ raw }) => raw).join(delimiter)}}`;
		changed(last);
	}
	function append(content) {
		const item = new Item({ delimiter, isText: column.elements_are_text ?? true, changed: report, remove: () => remove(item) });
		item.show(content);
		item.readOnly = isReadOnly;
		items.push(item);
		rows.append(item.element);
	}
	function remove(item) {
		const index = items.indexOf(item);
		items.splice(index, 1);
		item.element.remove();
		number();
		report();
		if (items.length) items[Math.min(index, items.length - 1)].focus();
		else add.focus();
	}
	function number() {
		rows.hidden = items.length === 0;
		for (const [index, item] of items.entries()) item.name(label, index + 1);
	}
	function draw(contents) {
		for (const item of items.splice(contents.length)) item.element.remove();
		for (const [index, content] of contents.entries()) {
			if (items[index]) items[index].show(content);
			else append(content);
		}
		number();
	}
	return {
		element,
		input: element,
		focus: () => (items.length ? items[0].focus() : add.focus()),
		show(value) {
			if (value === last) return;
			last = value;
			draw(isBlank(value) ? [] : parseItems(value, delimiter));
		},
		forget() {
			last = NONE;
		},
		readOnly(on) {
			isReadOnly = on;
			add.hidden = on;
			for (const item of items) item.readOnly = on;
		},
		canShow: (value) => isBlank(value) || parseItems(value, delimiter) !== null,
		wrongInput() {
			const [wrong] = typeof last === 'string' ? wrongElements(column, last) : [];
			return wrong ? items[wrong.number - 1].input : element;
		},
	};
};

/** An element of the array: `raw` is its text in the literal. */
class Item {
	raw = '';
	#value = NONE;
	#about;
	#input = null;
	#content = null;
	#label = '';
	#isReadOnly = false;
	#remove = h(
		'button',
		{ class: 'button plain icon-only small', type: 'button', on: { click: () => this.#about.remove() } },
		icon('close'),
	);
	element = h('li', {}, this.#remove);

	constructor(about) {
		this.#about = about;
	}

	show({ value, raw }) {
		this.raw = raw;
		if (value === this.#value) return;
		this.#value = value;
		this.#fit(value ?? '');
		this.#content.set(value ?? '');
		this.#input.placeholder = value === null ? t('value.null') : '';
	}

	name(label, number) {
		this.#label = t('array.element', { label, number });
		this.#input.setAttribute('aria-label', this.#label);
		this.#remove.setAttribute('aria-label', t('array.remove', { label, number }));
	}

	get input() {
		return this.#input;
	}

	focus() {
		this.#input.focus();
	}

	set readOnly(on) {
		this.#isReadOnly = on;
		this.#input.readOnly = on;
		this.#remove.hidden = on;
	}

	// An input of one line would drop line breaks.
	#fit(value) {
		const tag = /[\r\n]/.test(value) ? 'textarea' : 'input';
		if (this.#input?.localName === tag || (this.#input && tag === 'input')) return;
		const hadFocus = this.#input !== null && document.activeElement === this.#input;
		const input = h(tag, { class: 'input', rows: tag === 'textarea' ? 3 : null, autocomplete: 'off', readOnly: this.#isReadOnly });
		input.setAttribute('aria-label', this.#label);
		input.addEventListener('input', () => this.#typed());
		if (tag === 'input') input.addEventListener('paste', (event) => this.#paste(event));
		this.#input?.remove();
		this.#input = input;
		this.#content = storedIn(input);
		this.element.prepend(input);
		if (hadFocus) input.focus();
	}

	#typed() {
		const { isText, delimiter, changed } = this.#about;
		const given = this.#content.read();
		this.#value = given === '' && !isText ? null : given;
		this.raw = formatItem(this.#value, delimiter);
		this.#input.placeholder = this.#value === null ? t('value.null') : '';
		changed();
	}

	#paste(event) {
		const pasted = event.clipboardData?.getData('text/plain') ?? '';
		if (!/[\r\n]/.test(pasted) || this.#isReadOnly) return;
		event.preventDefault();
		const { value, selectionStart, selectionEnd } = this.#input;
		const next = value.slice(0, selectionStart) + pasted + value.slice(selectionEnd);
		const caret = shownText(value.slice(0, selectionStart) + pasted).length;
		this.#fit(next);
		this.#content.set(value);
		this.#input.value = shownText(next);
		this.#input.setSelectionRange(caret, caret);
		this.#typed();
	}
}
