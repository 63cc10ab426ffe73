/**
 * A dialog that compares the user's text with the row in the database: to
 * copy it, and to choose.
 */
import { h, icon, newId } from '../ui/dom.js';
import { diff } from '../model/diff.js';
import { toast } from '../ui/announce.js';
import { ask } from '../ui/dialog.js';

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.text
 * @param {{ name: string, mine: string|null, theirs: string|null }[]}
 *   options.columns
 * @param {boolean} options.mayChoose whether to offer a choice per column
 * @returns {Promise<Object<string, 'mine'|'theirs'>|null>} the choice by
 *   column; null: none was made
 */
export async function compare({ title, text, columns, mayChoose }) {
	const sides = columns.map((column) => side(column, mayChoose));
	const choices = mayChoose
		? [
				{ value: 'no', text: 'Decide later' },
				{ value: 'yes', text: 'Use selected' },
			]
		: [{ value: 'no', text: 'Close' }];
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
	return answer === 'yes' ? Object.fromEntries(sides.map(({ name, chosen }) => [name, chosen()])) : null;
}

function side({ name, mine, theirs }, mayChoose) {
	const group = newId('side');
	const keep = h('input', { type: 'radio', name: group, value: 'mine', checked: true });
	const take = h('input', { type: 'radio', name: group, value: 'theirs' });
	const parts = mine !== null && theirs !== null ? diff(theirs, mine) : null;
	const head = (words, input) =>
		mayChoose ? h('label', { class: 'check' }, input, h('span', {}, words)) : h('span', { class: 'side-name' }, words);
	const copy = h(
		'button',
		{
			class: 'button plain small',
			type: 'button',
			'aria-label': `Copy your ${name}`,
			on: { click: () => copyText(mine ?? '', copy) },
		},
		icon('copy'),
		'Copy',
	);
	const element = h(
		'fieldset',
		{ class: 'compare-column' },
		h('legend', {}, name),
		h(
			'div',
			{ class: 'compare-side mine' },
			h('div', { class: 'compare-head' }, head('Yours', keep), copy),
			shownText(mine, parts, 'new'),
		),
		h(
			'div',
			{ class: 'compare-side' },
			h('div', { class: 'compare-head' }, head('In the database now', take)),
			shownText(theirs, parts, 'gone'),
		),
	);
	return { name, element, chosen: () => (take.checked ? 'theirs' : 'mine') };
}

function shownText(text, parts, kind) {
	if (text === null) return h('p', { class: 'compare-text null' }, 'null');
	if (text === '') return h('p', { class: 'compare-text null' }, 'empty');
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
		toast('Copied.');
	} catch {
		const area = h('textarea', { class: 'input', value: text, readOnly: true, rows: 3, 'aria-label': 'Text to copy' });
		near.closest('.compare-side')?.append(area);
		area.select();
	}
}
