/**
 * One control per kind of column. Each factory answers
 *   { element, focus, show(value), readOnly(on), wants(value) }
 * and calls `changed(value)` when the reader changes it. Values are text or null; undefined
 * is a value that was not given. `wants(value)` false: another kind of control is needed for it.
 */
import { h, icon } from '../dom.js';
import * as arrayText from '../model/array-text.js';
import * as timestamp from '../model/timestamp.js';
import { complaint } from '../model/column.js';
import './choice-box.js';

const text = (value) => value ?? '';
const always = () => true;

/** What an empty control means: NULL where the type has no empty text. */
const emptied = (column, value) =>
	value === '' && !['text', 'array', 'json'].includes(column.category) && !column.not_null ? null : value;

function oneInput(input, column, changed, wants = always) {
	input.addEventListener('input', () => changed(emptied(column, input.value)));
	return {
		element: input,
		input,
		focus: () => input.focus(),
		show(value) {
			if (input.value !== text(value)) input.value = text(value);
		},
		readOnly(on) {
			input.readOnly = on;
		},
		wants,
	};
}

const plainInput = (id, props = {}) => h('input', { class: 'input', id, type: 'text', autocomplete: 'off', ...props });

const number = ({ id, column }, changed) =>
	oneInput(
		plainInput(id, { class: 'input number', inputMode: column.integer ? 'numeric' : 'decimal', spellcheck: false }),
		column,
		changed,
	);

const line = ({ id, column }, changed) => {
	const narrow = column.category === 'time' || (column.max_length !== null && column.max_length <= 24);
	return oneInput(
		plainInput(id, { class: `input${narrow ? ' narrow' : ''}`, dir: 'auto', spellcheck: column.category === 'text' }),
		column,
		changed,
		(value) => !/\n/.test(text(value)),
	);
};

const long = ({ id, column }, changed) => {
	const area = h('textarea', { class: 'input', id, rows: 4, dir: 'auto' });
	const control = oneInput(area, column, changed);
	const fit = () => {
		area.style.height = 'auto';
		area.style.height = `${Math.min(area.scrollHeight + 2, 480)}px`;
	};
	area.addEventListener('input', fit);
	return {
		...control,
		show(value) {
			control.show(value);
			requestAnimationFrame(fit);
		},
	};
};

const date = ({ id, column }, changed) =>
	oneInput(h('input', { class: 'input narrow', id, type: 'date' }), column, changed, (value) =>
		/^(\d{4}-\d\d-\d\d)?$/.test(text(value)),
	);

const uuid = ({ id, column, label, isNew }, changed) => {
	const input = plainInput(id, { class: 'input mono', spellcheck: false });
	const control = oneInput(input, column, changed);
	const make = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			'aria-label': `New UUID for ${label}`,
			on: {
				click: () => {
					input.value = randomUuid();
					changed(input.value);
				},
			},
		},
		'New',
	);
	return {
		...control,
		element: h('div', { class: 'with-button' }, input, make),
		readOnly(on) {
			input.readOnly = on;
			make.hidden = on || (column.key && !isNew); // the key of a row that is there is rarely to be another
		},
	};
};

function randomUuid() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const json = ({ id, column, label }, changed) => {
	const area = h('textarea', { class: 'input mono', id, rows: 5, spellcheck: false });
	const control = oneInput(area, column, changed);
	const tidy = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			'aria-label': `Tidy up ${label}`,
			on: {
				click: () => {
					if (complaint(column, area.value) === null) {
						area.value = JSON.stringify(JSON.parse(area.value), null, 2);
						changed(area.value);
					}
				},
			},
		},
		'Tidy up',
	);
	// Numbers that JavaScript would round must not pass through it.
	const exact = () => !/\d{16,}|\d\.\d{16,}|[eE]/.test(area.value.replace(/"(?:[^"\\]|\\.)*"/g, ''));
	const offer = () => {
		tidy.disabled = area.readOnly || !exact();
	};
	area.addEventListener('input', offer);
	return {
		...control,
		element: h('div', { class: 'stacked' }, area, tidy),
		show(value) {
			control.show(value);
			offer();
		},
		readOnly(on) {
			area.readOnly = on;
			tidy.hidden = on;
			offer();
		},
	};
};

const bytes = ({ id }) => {
	const input = plainInput(id, { readOnly: true, class: 'input mono' });
	const size = (value) => (value ? Math.max(0, (value.length - 2) / 2) : 0);
	return {
		element: input,
		input,
		focus: () => input.focus(),
		show(value) {
			input.value =
				value === null || value === undefined ? '' : `${size(value)} bytes  ${value.slice(0, 66)}${value.length > 66 ? '…' : ''}`;
		},
		readOnly() {},
		wants: always,
	};
};

const choices = ({ id, column, describedby }, changed) => {
	const options = [['true', 'True'], ['false', 'False'], ...(column.not_null ? [] : [[null, 'null']])];
	const radios = options.map(([value, name]) => [
		value,
		h('input', { type: 'radio', name: id, on: { change: () => changed(value) } }),
		name,
	]);
	const element = h(
		'div',
		{ class: 'segments', role: 'radiogroup', 'aria-labelledby': `${id}-label`, 'aria-describedby': describedby },
		radios.map(([value, input, name]) => h('label', { class: value === null ? 'is-null' : '' }, input, h('span', {}, name))),
	);
	return {
		element,
		input: element,
		focus: () => (radios.find(([, input]) => input.checked) ?? radios[0])[1].focus(),
		show(value) {
			for (const [each, input] of radios) input.checked = each === value;
		},
		readOnly(on) {
			for (const [, input] of radios) input.disabled = on && !input.checked;
			element.classList.toggle('read-only', on);
		},
		wants: always,
		showsNull: true,
	};
};

const enumeration = ({ id, column, isNew }, changed) => {
	const NULL = '\u0000null';
	const none =
		isNew || column.not_null
			? [
					h(
						'option',
						{ value: '', disabled: column.not_null && !isNew, hidden: !isNew },
						isNew ? (column.default === null ? 'Choose' : `default: ${column.default}`) : '',
					),
				]
			: [];
	const select = h(
		'select',
		{ class: 'input narrow', id },
		...none,
		...column.values.map((value) => h('option', { value }, value)),
		...(column.not_null ? [] : [h('option', { value: NULL }, 'null')]),
	);
	select.addEventListener('change', () =>
		changed(select.value === NULL ? null : select.value === '' && isNew ? undefined : select.value),
	);
	return {
		element: select,
		input: select,
		focus: () => select.focus(),
		show(value) {
			select.value = value === null ? NULL : text(value);
		},
		readOnly(on) {
			select.disabled = on;
		},
		wants: always,
		showsNull: true,
	};
};

const dateAndTime = ({ id, column, label, describedby }, changed) => {
	const withZone = column.category === 'timestamptz';
	const day = h('input', { class: 'input', type: 'date', id, 'aria-label': `${label}: date`, 'aria-describedby': describedby });
	const time = plainInput(`${id}-time`, {
		'aria-label': `${label}: time`,
		placeholder: 'hh:mm:ss',
		spellcheck: false,
		class: 'input number',
	});
	const zone = plainInput(`${id}-zone`, {
		'aria-label': `${label}: time zone`,
		placeholder: 'zone',
		spellcheck: false,
		list: `${id}-zones`,
	});
	const zones = h(
		'datalist',
		{ id: `${id}-zones` },
		['+00', Intl.DateTimeFormat().resolvedOptions().timeZone].map((value) => h('option', { value })),
	);
	const inputs = withZone ? [day, time, zone] : [day, time];
	const read = () =>
		emptied(column, timestamp.join({ date: day.value, time: time.value.trim(), zone: withZone ? zone.value.trim() : '' }));
	for (const input of inputs) input.addEventListener('input', () => changed(read()));
	return {
		element: h('div', { class: 'moment', role: 'group', 'aria-labelledby': `${id}-label` }, inputs, withZone ? zones : null),
		input: day,
		focus: () => day.focus(),
		show(value) {
			if (value === read()) return;
			const parts = timestamp.split(text(value));
			day.value = parts.date;
			time.value = parts.time;
			zone.value = parts.zone;
		},
		readOnly(on) {
			for (const input of inputs) input.readOnly = on;
		},
		wants: (value) => timestamp.split(text(value)) !== null,
	};
};

const list = ({ id, label, describedby }, changed) => {
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
		changed(arrayText.format(items));
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
			changed(arrayText.format(items));
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
			const next = value === null || value === undefined || value === '' ? [] : arrayText.parse(value);
			if (arrayText.format(next) === arrayText.format(items) && rows.childElementCount === next.length) return draw();
			items = next;
			return draw();
		},
		readOnly(on) {
			isReadOnly = on;
			draw();
		},
		wants: (value) => value === null || value === undefined || value === '' || arrayText.parse(value) !== null,
	};
};

const choice = ({ id, label, search }, changed) => {
	const box = document.createElement('choice-box');
	box.search = search;
	box.input.id = id;
	box.addEventListener('choose', ({ detail }) => changed(detail.value, detail.label));
	return {
		element: box,
		input: box.input,
		focus: () => box.input.focus(),
		show(value, known) {
			box.show(value, known);
			if (value && !box.isNamed)
				search(null, value)
					.then(({ choices: [found] }) => box.value === value && found && box.show(value, found.label))
					.catch(() => {});
		},
		readOnly(on) {
			box.readOnly = on;
		},
		wants: always,
		label,
	};
};

const makers = {
	line,
	long,
	number,
	boolean: choices,
	date,
	timestamp: dateAndTime,
	enum: enumeration,
	array: list,
	json,
	uuid,
	bytes,
	choice,
};

/**
 * @param {string} kind of model/column.js
 * @param {{ id: string, column: object, label: string, describedby: string, isNew: boolean, search: Function }} about
 * @param {(value: string|null|undefined, label?: string) => void} changed
 */
export const makeControl = (kind, about, changed) => makers[kind](about, changed);

/** A field that fits any text, for values that the kind's own control cannot show. */
export const anyText = (about, changed) => makers[/\n/.test(about.value ?? '') ? 'long' : 'line'](about, changed);
