/**
 * The menus over a list of rows: which columns it has, and by which values it
 * is filtered.
 */
import { labelOf } from '../model/column.js';
import { h, newId } from '../ui/dom.js';
import { button } from '../ui/widgets.js';
import { menu } from './menu.js';

/**
 * @param {object} table as the API describes it
 * @param {object} options
 * @param {string[]} options.chosen names of the columns shown
 * @param {(names: string[]|null) => void} options.choose null: the default
 * @returns {HTMLElement}
 */
export function columnMenu({ columns }, { chosen, choose }) {
	const boxes = columns.map((column) => [column.name, h('input', { type: 'checkbox', checked: chosen.includes(column.name) }), labelOf(column)]);
	const chosenNow = () => boxes.filter(([, input]) => input.checked).map(([name]) => name);
	const changed = (input) => {
		if (!chosenNow().length) input.checked = true; // a list has a column
		choose(chosenNow());
	};
	for (const [, input] of boxes) input.addEventListener('change', () => changed(input));
	const reset = button('Default columns', () => choose(null), { kind: 'small plain' });
	const list = h(
		'fieldset',
		{ class: 'menu-list' },
		h('legend', { class: 'visually-hidden' }, 'Shown columns'),
		boxes.map(([name, input, label]) => h('label', { class: 'check', title: name }, input, h('span', {}, label))),
	);
	return menu('Columns', 'table', list, reset);
}

/**
 * @param {object} table as the API describes it
 * @param {(column: string, value: string|null) => any} add filters the list
 * @returns {HTMLElement}
 */
export function filterMenu({ columns }, add) {
	const id = newId('filter');
	const select = h(
		'select',
		{ class: 'input', id },
		columns.map((column) => h('option', { value: column.name }, labelOf(column))),
	);
	const place = h('div', {});
	const isNull = h('input', { type: 'checkbox' });
	const column = () => columns.find(({ name }) => name === select.value);
	let input;
	const draw = () => {
		input = valueInput(column(), `${id}-value`);
		place.replaceChildren(input);
		isNull.checked = false;
	};
	select.addEventListener('change', draw);
	isNull.addEventListener('change', () => {
		input.disabled = isNull.checked;
	});
	draw();
	const apply = () => {
		element.open = false;
		return add(column().name, isNull.checked ? null : input.value);
	};
	const element = menu(
		'Filter',
		'filter',
		h(
			'div',
			{ class: 'menu-form', on: { keydown: (event) => isEnter(event, place) && (event.preventDefault(), apply()) } },
			h('div', {}, h('label', { class: 'label', htmlFor: id }, 'Column'), select),
			h('div', {}, h('label', { class: 'label', htmlFor: `${id}-value` }, 'Value'), place),
			h('label', { class: 'check' }, isNull, h('span', {}, 'Has no value (null)')),
			button('Apply filter', apply, { kind: 'primary small' }),
		),
	);
	return element;
}

const isEnter = ({ key, target }, place) => key === 'Enter' && place.contains(target);

function valueInput(column, id) {
	const values = column.category === 'boolean' ? ['true', 'false'] : column.values;
	if (!values) return h('input', { class: 'input', id, type: 'text', autocomplete: 'off', spellcheck: false });
	return h(
		'select',
		{ class: 'input', id },
		values.map((value) => h('option', { value }, value)),
	);
}
