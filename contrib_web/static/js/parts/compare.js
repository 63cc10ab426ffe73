/**
 * A dialog that compares the user's text with the row in the database, and
 * with what both were made from: to copy it, and to choose.
 */
import { t } from '../lang/texts.js';
import { h, icon, newId } from '../ui/dom.js';
import { diff } from '../model/diff.js';
import { toast } from '../ui/announce.js';
import { ask } from '../ui/dialog.js';
import { mergingText } from './merging.js';

/** Texts that are longer are merged difference by difference. */
const SHORT = 120;

/**
 * @typedef {object} ComparedColumn
 * @property {string} name
 * @property {string} label
 * @property {string|null|undefined} mine undefined: the column's default
 * @property {string|null|undefined} theirs undefined: there is no row
 * @property {string|null|undefined} base what both were made from; undefined:
 *   not known
 * @property {boolean} isText whether parts of the values make sense
 */

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.text
 * @param {ComparedColumn[]} options.columns
 * @param {boolean} options.mayChoose whether to offer a choice
 * @param {string} [options.later] the label of the button that makes none
 * @returns {Promise<Object<string, string|null|undefined>|null>} the chosen
 *   value by column; null: none was made
 */
export async function compare({ title, text, columns, mayChoose, later = t('action.close') }) {
	const sides = columns.map((column) => (mayChoose && isMerged(column) ? merged(column) : side(column, mayChoose)));
	const choices = mayChoose
		? [
				{ value: 'no', text: later },
				{ value: 'yes', text: t('compare.use') },
			]
		: [{ value: 'no', text: later }];
	const answer = await ask({
		name: mayChoose ? 'choose' : 'compare',
		title,
		wide: true,
		body: [
			h('p', { class: 'quiet' }, text),
			h(
				'div',
				{ class: 'compare' },
				sides.map(({ element }) => element),
			),
		],
		choices,
	});
	return answer === 'yes' ? Object.fromEntries(sides.map(({ name, value }) => [name, value()])) : null;
}

const isLong = (value) => value.length > SHORT || value.includes('\n');
const isMerged = ({ isText, mine, theirs }) => isText && typeof mine === 'string' && typeof theirs === 'string' && (isLong(mine) || isLong(theirs));

function merged({ name, label, base, mine, theirs }) {
	const { element, value } = mergingText({ base: base ?? null, mine, theirs });
	element.querySelector('.merging-head').append(copyButton(label, mine));
	return { name, element: h('fieldset', { class: 'compare-column merged' }, h('legend', {}, label), element), value };
}

function side({ name, label, base, mine, theirs }, mayChoose) {
	const group = newId('side');
	const keep = h('input', { type: 'radio', name: group, value: 'mine', checked: true });
	const take = h('input', { type: 'radio', name: group, value: 'theirs' });
	const parts = typeof mine === 'string' && typeof theirs === 'string' ? diff(theirs, mine) : null;
	const head = (words, input) =>
		mayChoose ? h('label', { class: 'check' }, input, h('span', {}, words)) : h('span', { class: 'side-name' }, words);
	const element = h(
		'fieldset',
		{ class: 'compare-column' },
		h('legend', {}, label),
		h(
			'div',
			{ class: 'compare-side mine' },
			h('div', { class: 'compare-head' }, head(t('compare.mine'), keep), copyButton(label, mine ?? '')),
			shownText(mine, parts, 'new'),
		),
		theirs === undefined
			? null
			: h(
					'div',
					{ class: 'compare-side' },
					h('div', { class: 'compare-head' }, head(t('compare.theirs'), take)),
					shownText(theirs, parts, 'gone'),
				),
		base === undefined || base === theirs ? null : h('div', { class: 'compare-before quiet small' }, `${t('compare.before')} `, shownText(base, null)),
	);
	return { name, element, value: () => (take.checked ? theirs : mine) };
}

function copyButton(label, text) {
	const copy = h(
		'button',
		{ class: 'button plain small', type: 'button', 'aria-label': t('compare.copy', { label }), on: { click: () => copyText(text, copy) } },
		icon('copy'),
		t('action.copy'),
	);
	return copy;
}

function shownText(text, parts, kind) {
	if (text === undefined) return h('p', { class: 'compare-text null' }, t('value.default'));
	if (text === null) return h('p', { class: 'compare-text null' }, t('value.null'));
	if (text === '') return h('p', { class: 'compare-text null' }, t('value.empty'));
	if (!parts) return h('p', { class: 'compare-text' }, text);
	const tag = { new: 'ins', gone: 'del' };
	return h(
		'p',
		{ class: 'compare-text' },
		parts
			.filter((part) => part.kind === 'same' || part.kind === kind)
			.map((part) => (part.kind === 'same' ? part.text : h(tag[kind], {}, part.text))),
	);
}

// Where the clipboard may not be written, the text is selected instead.
async function copyText(text, near) {
	try {
		await navigator.clipboard.writeText(text);
		toast(t('compare.copied'));
	} catch {
		const area = h('textarea', { class: 'input', value: text, readOnly: true, rows: 3, 'aria-label': t('compare.to_copy') });
		near.closest('.compare-side, .merging')?.append(area);
		area.select();
	}
}
