/**
 * Construction of elements. Text is always set as text, never parsed as
 * markup.
 */
import { drawIcon } from './icons.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 * @param {string} tag
 * @param {object} [props] `class`, `on: { click: listener }`,
 *   `data: { name: value }`; a property of the element (value, checked,
 *   hidden ...); otherwise an attribute. null, undefined and false are
 *   left out.
 * @param {...(Node|string|null|Array)} children
 * @returns {HTMLElement}
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

/**
 * Makes an SVG element.
 * @param {string} tag
 * @param {Object<string, string|number>} [attributes]
 * @param {...SVGElement} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
	const element = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	element.append(...children);
	return element;
}

/**
 * An icon of icons.js. Screen readers skip it, so a control that has nothing
 * else needs a label.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
	const element = drawIcon(name);
	element.setAttribute('class', 'icon');
	element.setAttribute('aria-hidden', 'true');
	element.dataset.icon = name;
	return element;
}

let ids = 0;

/**
 * An id that no other element has.
 * @param {string} [prefix]
 * @returns {string}
 */
export const newId = (prefix = 'id') => `${prefix}-${++ids}`;

/**
 * A text for screen readers only.
 * @param {string} text
 * @returns {HTMLElement}
 */
export const hidden = (text) => h('span', { class: 'visually-hidden' }, text);
