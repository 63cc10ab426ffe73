/**
 * Making elements. Text is always set as text; nothing here reads markup.
 */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {object} [props] `class`, `on: { click }`, `data: { name }`, own properties of the
 *   element (value, checked, hidden ...), else attributes; null, undefined and false leave it out
 * @param {...(Node|string|null|Array)} children
 */
export function h(tag, props = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(props ?? {})) setProp(element, name, value);
	element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

function setProp(element, name, value) {
	if (value === null || value === undefined || value === false) return;
	if (name === 'class') element.className = value;
	else if (name === 'on') Object.entries(value).forEach(([type, listener]) => element.addEventListener(type, listener));
	else if (name === 'data') Object.assign(element.dataset, value);
	else if (name in element && !name.startsWith('aria') && !['list', 'form', 'type', 'role'].includes(name)) element[name] = value;
	else element.setAttribute(name, value === true ? '' : value);
}

/** An icon of icons.svg; silent, so its control needs a name of its own. */
export function icon(name) {
	const svg = document.createElementNS(SVG, 'svg');
	svg.setAttribute('class', 'icon');
	svg.setAttribute('aria-hidden', 'true');
	const use = document.createElementNS(SVG, 'use');
	use.setAttribute('href', new URL(`../icons.svg#${name}`, import.meta.url));
	svg.append(use);
	return svg;
}

let ids = 0;
export const newId = (prefix = 'id') => `${prefix}-${++ids}`;

export const hidden = (text) => h('span', { class: 'visually-hidden' }, text);
