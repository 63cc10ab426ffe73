/**
 * The texts that users read, in the language of the document (`<html lang>`),
 * and its locale for dates and numbers.
 *
 * A message is a text with places, `{name}`, or one text for each plural
 * form, which the value `n` chooses.
 */
import en from './en.js';

/** How the messages of each language are loaded. English is the fallback. */
const CATALOGUES = Object.freeze({
	en: async () => ({ default: en }),
	de: () => import('./de.js'),
	fr: () => import('./fr.js'),
	nl: () => import('./nl.js'),
});

/** Codes of the languages. */
export const languages = Object.freeze(Object.keys(CATALOGUES));

const codeOf = (tag) => tag.toLowerCase().split('-')[0];

let language = 'en';
let intlTag = localeOf('en');
let messages = en;
let own = {};

/**
 * The first of several languages that has messages.
 * @param {readonly string[]} tags language tags of BCP 47, by preference
 * @returns {string} its code; English if there is none
 */
export const languageOf = (tags) => tags.map(codeOf).find((code) => languages.includes(code)) ?? 'en';

/**
 * Loads the messages of a language. Until then, and if they cannot be loaded,
 * texts are English.
 * @param {readonly string[]} [wanted] language tags, by preference; default:
 *   of the document, or else of the browser
 * @returns {Promise<void>}
 */
export async function loadTexts(wanted = documentLanguages()) {
	const code = languageOf(wanted);
	const loaded = await CATALOGUES[code]().catch(() => null);
	if (!loaded) return;
	language = code;
	messages = loaded.default;
	intlTag = localeOf(code);
}

function documentLanguages() {
	const { lang } = document.documentElement;
	return lang ? [lang] : navigator.languages;
}

// The user's own variety of the language: its dates and numbers (de-AT).
function localeOf(code) {
	return (globalThis.navigator?.languages ?? []).find((each) => codeOf(each) === code) ?? code;
}

/**
 * Replaces messages, or adds a language: an application's own words.
 * @param {Object<string, string|Object<string, string>>} replacements by key,
 *   as en.js has them
 * @returns {void}
 */
export function setTexts(replacements) {
	own = { ...own, ...replacements };
}

/** @returns {string} the code of the language of the texts */
export const currentLanguage = () => language;

/** @returns {string} the locale of dates and numbers */
export const locale = () => intlTag;

/**
 * Whether the language has a text. English lacks some: where the server's own
 * words, which are English, need no translation.
 * @param {string} key
 * @returns {boolean}
 */
export const hasText = (key) => Object.hasOwn(own, key) || Object.hasOwn(messages, key);

/**
 * A text in the language of the document.
 * @param {string} key of en.js
 * @param {Object<string, string|number>} [values] by place; numbers are
 *   formatted
 * @returns {string}
 */
export const t = (key, values) => partsOf(key, values).join('');

/**
 * A text with elements in it, to be appended.
 * @param {string} key of en.js
 * @param {Object<string, string|number|Node>} [values] by place
 * @returns {(string|Node)[]}
 */
export function partsOf(key, values = {}) {
	const parts = messageOf(key, values).split(/\{(\w+)\}/);
	return parts.map((part, i) => (i % 2 ? shown(values[part]) : part)).filter((part) => part !== '');
}

function messageOf(key, { n }) {
	const message = own[key] ?? messages[key] ?? en[key];
	if (message === undefined) throw new TypeError(`no text ${key}`);
	return typeof message === 'string' ? message : (message[new Intl.PluralRules(intlTag).select(n)] ?? message.other);
}

const shown = (value) => (typeof value === 'number' ? new Intl.NumberFormat(intlTag).format(value) : (value ?? ''));
