/**
 * The control of a timestamp: date, time and, with time zone, the zone. A
 * time without a zone is in the page's.
 */
import { t } from '../../lang/texts.js';
import { clockComplaint, join, split } from '../../model/timestamp.js';
import { h } from '../../ui/dom.js';
import { NONE, emptied, plainInput, setText, text } from './base.js';
import { dateInput } from './date.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const timestamp = ({ id, column, label, describedby, isNew }, changed) => {
	const withZone = column.category === 'timestamptz';
	const pageZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	let last = NONE;
	const day = dateInput(
		{ class: 'input', id, 'aria-label': t('timestamp.date', { label }), 'aria-describedby': describedby },
		() => report(),
		(pasted) => paste(pasted),
	);
	const time = plainInput(`${id}-time`, {
		'aria-label': t('timestamp.time', { label }),
		placeholder: t('timestamp.shape'),
		'aria-describedby': describedby,
		spellcheck: false,
		class: 'input number',
	});
	const zone = plainInput(`${id}-zone`, {
		'aria-label': t('timestamp.zone', { label }),
		placeholder: pageZone,
		title: t('timestamp.without_zone', { zone: pageZone }),
		spellcheck: false,
		list: `${id}-zones`,
	});
	const zones = h(
		'datalist',
		{ id: `${id}-zones` },
		['+00', pageZone].map((value) => h('option', { value })),
	);
	const inputs = withZone ? [day.input, time, zone] : [day.input, time];

	function report() {
		const parts = { date: day.input.value, time: time.value.trim(), zone: withZone ? zone.value.trim() : '' };
		last = emptied(column, join(parts), isNew);
		changed(last);
	}
	function draw(parts) {
		day.set(parts.date);
		setText(time, parts.time);
		setText(zone, parts.zone);
	}
	function complaint() {
		const given = time.value.trim();
		if (day.complaint() !== null || given === '') return day.complaint();
		return day.input.value === '' ? t('timestamp.no_date') : clockComplaint(given);
	}
	function paste(pasted) {
		const parts = split(pasted);
		if (!parts?.date || !parts.time) return false;
		draw(parts);
		report();
		return true;
	}
	for (const input of inputs.slice(1)) input.addEventListener('input', report);
	return {
		element: h('div', { class: 'moment', role: 'group', 'aria-labelledby': `${id}-label` }, inputs, withZone ? zones : null),
		input: day.input,
		focus: () => day.input.focus(),
		show(value) {
			if (value === last) return;
			last = value;
			draw(split(text(value)));
		},
		forget() {
			last = NONE;
		},
		readOnly(on) {
			for (const input of inputs) input.readOnly = on;
		},
		canShow: (value) => split(text(value)) !== null,
		complaint,
		wrongInput: () => (day.complaint() === null && day.input.value !== '' && complaint() !== null ? time : day.input),
	};
};
