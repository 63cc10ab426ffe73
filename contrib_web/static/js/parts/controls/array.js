/**
 * The control of an array of one dimension: an input per element.
 */
import { format, parse } from '../../model/array-text.js';
import { h, icon } from '../../ui/dom.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const array = ({ id, label, describedby }, changed) => {
	let items = [];
	let isReadOnly = false;
	const rows = h('ol', { class: 'items' });
	const add = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			on: {
				click: () => {
					put([...items, '']);
					rows.lastElementChild?.querySelector('input').focus();
				},
			},
		},
		icon('plus'),
		'Add',
	);
	add.setAttribute('aria-label', `Add an element to ${label}`);
	const element = h(
		'div',
		{ class: 'stacked', role: 'group', id, tabIndex: -1, 'aria-labelledby': `${id}-label`, 'aria-describedby': describedby },
		rows,
		add,
	);

	function put(next) {
		items = next;
		draw();
		changed(format(items));
	}
	function draw() {
		rows.replaceChildren(...items.map(item));
		rows.hidden = items.length === 0;
		add.hidden = isReadOnly;
	}
	function item(value, index) {
		const input = h('input', {
			class: 'input',
			type: 'text',
			dir: 'auto',
			value: value ?? '',
			placeholder: value === null ? 'null' : '',
			readOnly: isReadOnly,
			'aria-label': `${label}: element ${index + 1}`,
			autocomplete: 'off',
		});
		input.addEventListener('input', () => {
			items = items.with ? items.with(index, input.value) : items.map((each, at) => (at === index ? input.value : each));
			input.placeholder = '';
			changed(format(items));
		});
		const remove = h(
			'button',
			{
				class: 'button plain icon-only small',
				type: 'button',
				hidden: isReadOnly,
				'aria-label': `Remove element ${index + 1} of ${label}`,
				on: {
					click: () => {
						put(items.filter((_, at) => at !== index));
						(rows.children[Math.min(index, items.length - 1)]?.querySelector('input') ?? add).focus();
					},
				},
			},
			icon('close'),
		);
		return h('li', {}, input, remove);
	}
	return {
		element,
		input: element,
		focus: () => (rows.querySelector('input') ?? add).focus(),
		show(value) {
			const next = value === null || value === undefined || value === '' ? [] : parse(value);
			if (format(next) === format(items) && rows.childElementCount === next.length) return draw();
			items = next;
			return draw();
		},
		readOnly(on) {
			isReadOnly = on;
			draw();
		},
		canShow: (value) => value === null || value === undefined || value === '' || parse(value) !== null,
	};
};
