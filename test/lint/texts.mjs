// Prints faults of the pages' texts: catalogues that differ from the English
// one, keys and values that do not fit their use, and text in the code.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const pages = resolve(here, '../../contrib_web/static');
const require = createRequire(resolve(here, '../browser/package.json'));
const espree = require('espree');
const { KEYS: childrenOf } = require('eslint-visitor-keys');

const say = (words) => console.log(words);

/* Catalogues */

const { languages } = await import(resolve(pages, 'js/lang/texts.js'));
const catalogues = new Map();
for (const code of languages) catalogues.set(code, (await import(resolve(pages, `js/lang/${code}.js`))).default);
const en = catalogues.get('en');

/** Keys that English lacks: translations of the server's words. */
const isOfServer = (key) => key.startsWith('sqlstate.');
const formsOf = (message) => (typeof message === 'string' ? [message] : Object.values(message));
const placesOf = (message) => [...new Set(formsOf(message).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)))].sort();

/** The plural forms that the language has for numbers of things. */
const pluralsOf = (code) => {
	const rules = new Intl.PluralRules(code);
	return [...new Set(Array.from({ length: 1000 }, (_, n) => rules.select(n)))].sort();
};

/** What no sentence of the language contains. */
const MISPRINTS = { de: /["“][^“„]*["„]|\.\.\./, fr: / [;:!?»]|« |"|\.\.\.|'/, nl: /"|\.\.\.|'/, en: /\.\.\.|"/ };

function checkMessage(code, key, message) {
	const at = `js/lang/${code}.js: ${key}`;
	if (typeof message !== 'string' && String(Object.keys(message).sort()) !== String(pluralsOf(code))) say(`${at} needs the plural forms ${pluralsOf(code)}`);
	for (const form of formsOf(message)) {
		if (form.trim() !== form || form === '') say(`${at} is empty, or has blanks at an end`);
		if (MISPRINTS[code].test(form)) say(`${at} is printed otherwise in this language: ${form}`);
	}
	if (isOfServer(key)) return;
	if (!(key in en)) say(`${at} is not in English`);
	else if (String(placesOf(message)) !== String(placesOf(en[key]))) say(`${at} has the places ${placesOf(message)}, not ${placesOf(en[key])}`);
	else if (code !== 'en' && message === en[key] && /\p{L}{2,} \p{L}{2,}/u.test(message.replace(/\{\w+\}/g, ''))) say(`${at} is not translated`);
}

function checkCatalogues() {
	const ofServer = new Set([...catalogues.values()].flatMap((messages) => Object.keys(messages).filter(isOfServer)));
	for (const [code, messages] of catalogues) {
		const wanted = code === 'en' ? Object.keys(en) : [...Object.keys(en), ...ofServer];
		for (const key of wanted) if (!(key in messages)) say(`js/lang/${code}.js: lacks ${key}`);
		for (const [key, message] of Object.entries(messages)) checkMessage(code, key, message);
	}
	if (catalogues.size < 4 || Object.keys(en).length < 500) say('hardly any texts found');
}

/* Syntax */

/** Calls visit(node, ancestors) for each node, the nearest ancestor first. */
function walk(node, visit, ancestors = []) {
	visit(node, ancestors);
	for (const name of childrenOf[node.type] ?? [])
		for (const child of [node[name]].flat()) if (child) walk(child, visit, [node, ...ancestors]);
}

const isCallOf = (node, names) => node?.type === 'CallExpression' && names.includes(node.callee.name ?? node.callee.property?.name);
const nameOf = (node) => node?.name ?? node?.value ?? node?.property?.name;

/** The string of a node, with `w` for an expression in it; null: none. */
function stringOf(node) {
	if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
	if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked).join('\0');
	return null;
}

/** The strings that an expression may be: those of its branches. */
function stringsIn(node) {
	if (node?.type === 'ConditionalExpression') return [...stringsIn(node.consequent), ...stringsIn(node.alternate)];
	if (node?.type === 'LogicalExpression') return [...stringsIn(node.left), ...stringsIn(node.right)];
	return node?.type === 'Literal' && typeof node.value === 'string' ? [node.value] : [];
}

/* Uses of the texts */

const used = new Set();

function checkUse(node, ancestors, at) {
	const text = stringOf(node);
	if (text in en) used.add(text);
	if (!isCallOf(node, ['t', 'partsOf'])) return;
	const [key, values] = node.arguments;
	if (key.type === 'TemplateLiteral') usePrefix(key.quasis[0].value.cooked, at);
	for (const each of stringsIn(key)) checkValues(each, values, at);
	if (!ancestors.some(isFunction)) say(`${at}: the text is taken before the language is known`);
}

const isFunction = ({ type, static: isStatic }) => /Function/.test(type) || (type === 'PropertyDefinition' && !isStatic);

function usePrefix(prefix, at) {
	const keys = Object.keys(en).filter((key) => key.startsWith(prefix));
	if (prefix === '' || !keys.length) say(`${at}: no key begins with “${prefix}”`);
	for (const key of keys) used.add(key);
}

function checkValues(key, values, at) {
	if (!(key in en)) return say(`${at}: there is no text ${key}`);
	if (values && values.type !== 'ObjectExpression') return undefined;
	const given = (values?.properties ?? []).map((each) => nameOf(each.key));
	const wanted = [...placesOf(en[key]), ...(typeof en[key] === 'string' ? [] : ['n'])];
	for (const name of wanted) if (!given.includes(name)) say(`${at}: ${key} needs the value ${name}`);
	for (const name of given) if (!wanted.includes(name) && name !== 'n') say(`${at}: ${key} has no place ${name}`);
	return undefined;
}

/* Text in the code */

const styles = readdirSync(resolve(pages, 'css')).map((name) => readFileSync(resolve(pages, 'css', name), 'utf8')).join('');
const classes = new Set([...styles.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name));

/** Two words, an expression counting as one, or a capital at the start. */
const isSentence = (text) => /\p{L}{2,}[,;:.!?]* +(?:\p{L}|\0)|\0[,;:.!?]* +\p{L}{2,}|^\s*\p{Lu}\p{Ll}+(?![\p{L}/])|[“”„«»]/u.test(text);
/** Whether the string is a list of classes. */
const isClasses = (text) => text.split(/[ \0]+/).every((word) => word === '' || classes.has(word));
const isWord = (text) => /\p{L}{2,}/u.test(text);

/** Names of what is not read by users. */
const NAMES = new Set(['locking', 'Edg', 'Edge', 'Opera', 'Firefox', 'Chrome', 'Safari', 'Android', 'Windows', 'Mac OS X', 'ChromeOS', 'Linux', 'Enter', 'Escape', 'Shift+Enter', 'Content-Type', 'Retry-After', 'DELETE']);
/** Properties and constants whose strings are for the browser. */
const TECHNICAL = new Set(['class', 'className', 'kind', 'd', 'tag', 'name', 'viewBox', 'autocomplete', 'aria-describedby', 'KINDS', 'STYLE', 'HANDLE_ENTER', 'FIRST']);
/** Functions whose strings are for the browser, or for developers. */
const TECHNICAL_CALLS = ['querySelector', 'querySelectorAll', 'closest', 'matches', 'matchMedia', 'supports', 'RegExp', 'Error', 'TypeError', 'Problem', 'add', 'has'];
/** Properties, attributes and functions that show their string. */
const SHOWN = new Set(['title', 'label', 'placeholder', 'aria-label', 'alt', 'text', 'textContent', 'later']);
const SHOWING_CALLS = ['announce', 'toast', 'hidden', 'button', 'menu', 'notify', 'setTitle'];

function isTechnical(node, ancestors) {
	const [parent] = ancestors;
	if (/^(Import|Export)/.test(parent.type) || (parent.type === 'Property' && parent.key === node)) return true;
	return ancestors.some((each, i) => {
		const child = ancestors[i - 1] ?? node;
		if (each.type === 'Property') return TECHNICAL.has(nameOf(each.key)) && each.value === child;
		if (each.type === 'VariableDeclarator') return TECHNICAL.has(nameOf(each.id));
		if (each.type === 'AssignmentExpression') return TECHNICAL.has(nameOf(each.left));
		return i === 0 && (isCallOf(each, TECHNICAL_CALLS) || each.callee?.type === 'Super' || (each.type === 'NewExpression' && TECHNICAL_CALLS.includes(each.callee.name)));
	});
}

/** Whether the string is shown where it stands, whatever it is. */
function isShown(node, ancestors) {
	const at = ancestors.findIndex(({ type }) => !/^(Conditional|Logical|Array)Expression$/.test(type));
	const [place, child] = [ancestors[at], ancestors[at - 1] ?? node];
	if (child.type === 'ConditionalExpression' && child.test === node) return false;
	if (place.type === 'Property') return place.value === child && SHOWN.has(nameOf(place.key));
	if (place.type === 'AssignmentExpression') return place.right === child && SHOWN.has(nameOf(place.left));
	if (isCallOf(place, ['h'])) return place.arguments.indexOf(child) > 1;
	if (isCallOf(place, ['setAttribute'])) return place.arguments[1] === child && SHOWN.has(nameOf(place.arguments[0]));
	return isCallOf(place, SHOWING_CALLS) && place.arguments[0] === child;
}

function checkText(node, ancestors, at) {
	const text = stringOf(node);
	if (text === null || text in en || NAMES.has(text) || text.startsWith('<') || isTechnical(node, ancestors)) return;
	if ((isSentence(text) && !isClasses(text)) || (isShown(node, ancestors) && isWord(text))) say(`${at}: text in the code: “${text.replaceAll('\0', '…')}”`);
}

checkCatalogues();
const scripts = readdirSync(pages, { recursive: true }).filter((path) => path.endsWith('.js') && !path.startsWith('js/lang/'));
for (const path of scripts) {
	const source = readFileSync(resolve(pages, path), 'utf8');
	walk(espree.parse(source, { ecmaVersion: 'latest', sourceType: 'module', loc: true }), (node, ancestors) => {
		const at = `${path}:${node.loc.start.line}`;
		checkUse(node, ancestors, at);
		checkText(node, ancestors, at);
	});
}
for (const key of Object.keys(en)) if (!used.has(key)) say(`js/lang/en.js: ${key} is not used`);
