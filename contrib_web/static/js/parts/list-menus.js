/**
 * The menus over a list of rows: which columns it has, and by which values it
 * is filtered.
 */
import { t } from '../lang/texts.js';
import { labelOf } from '../model/column.js';
import { boundType, compared, comparisonsOf } from '../model/row-filter.js';
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
	const reset = button(t('list.default_columns'), () => choose(null), { kind: 'small plain' });
	const list = h(
		'fieldset',
		{ class: 'menu-list' },
		h('legend', { class: 'visually-hidden' }, t('list.shown_columns')),
		boxes.map(([name, input, label]) => h('label', { class: 'check', title: name }, input, h('span', {}, label))),
	);
	return menu(t('list.columns'), 'table', list, reset);
}

/**
 * @param {object} table as the API describes it
 * @param {(column: string, value: any) => any} add filters the list, by a
 *   value as model/row-filter.js describes it
 * @returns {HTMLElement}
 */
export function filterMenu({ columns }, add) {
	const id = newId('filter');
	const choose = select(`${id}-column`, columns.map((column) => [column.name, labelOf(column)]));
	const compare = select(`${id}-comparison`, []);
	const place = h('div', { class: 'menu-values' });
	const column = () => columns.find(({ name }) => name === choose.value);
	let inputs = [];
	const drawInputs = () => {
		inputs = inputsOf(column(), compare.value, id);
		place.replaceChildren(...inputs.map(([label, input]) => field(label, input)));
	};
	const draw = () => {
		compare.replaceChildren(...options(comparisonsOf(column()).map((name) => [name, t(`compares.${name}`)])));
		drawInputs();
	};
	choose.addEventListener('change', draw);
	compare.addEventListener('change', drawInputs);
	draw();
	const apply = () => {
		const unread = inputs.find(([, input]) => input.validity.badInput);
		const value = compared(column(), compare.value, ...inputs.map(([, input]) => input.value));
		if (unread || value === undefined) return (unread ?? inputs[0])[1].focus();
		element.open = false;
		return add(column().name, value);
	};
	const element = menu(
		t('list.filter'),
		'filter',
		h(
			'div',
			{ class: 'menu-form', on: { keydown: (event) => isEnter(event, place) && (event.preventDefault(), apply()) } },
			field(t('list.column'), choose),
			field(t('list.comparison'), compare),
			place,
			button(t('list.apply'), apply, { kind: 'primary small' }),
		),
	);
	return element;
}

const isEnter = ({ key, target }, place) => key === 'Enter' && place.contains(target);

const options = (names) => names.map(([value, text]) => h('option', { value }, text));
const select = (id, names) => h('select', { class: 'input', id }, options(names));
const field = (label, input) => h('div', {}, h('label', { class: 'label', htmlFor: input.id }, label), input);

/** The inputs of a comparison: label and element of each. */
function inputsOf(column, comparison, id) {
	if (comparison === 'null') return [];
	if (comparison === 'between') {
		const bound = (name) => h('input', { class: 'input', id: `${id}-${name}`, type: boundType(column), autocomplete: 'off' });
		return [[t('list.from'), bound('from')], [t('list.to'), bound('to')]];
	}
	return [[t('list.value'), valueInput(column, `${id}-value`)]];
}

function valueInput(column, id) {
	const values = column.category === 'boolean' ? ['true', 'false'] : column.values;
	if (!values) return h('input', { class: 'input', id, type: 'text', autocomplete: 'off', spellcheck: false });
	return select(id, values.map((value) => [value, value]));
}
