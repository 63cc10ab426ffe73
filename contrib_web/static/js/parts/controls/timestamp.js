/**
 * The control of a timestamp: date, time and, with time zone, the zone.
 */
import { join, split } from '../../model/timestamp.js';
import { h } from '../../ui/dom.js';
import { emptied, plainInput, text } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const timestamp = ({ id, column, label, describedby }, changed) => {
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
		emptied(column, join({ date: day.value, time: time.value.trim(), zone: withZone ? zone.value.trim() : '' }));
	for (const input of inputs) input.addEventListener('input', () => changed(read()));
	return {
		element: h('div', { class: 'moment', role: 'group', 'aria-labelledby': `${id}-label` }, inputs, withZone ? zones : null),
		input: day,
		focus: () => day.focus(),
		show(value) {
			if (value === read()) return;
			const parts = split(text(value));
			day.value = parts.date;
			time.value = parts.time;
			zone.value = parts.zone;
		},
		readOnly(on) {
			for (const input of inputs) input.readOnly = on;
		},
		canShow: (value) => split(text(value)) !== null,
	};
};
