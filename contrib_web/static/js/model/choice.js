/**
 * The row that a foreign key's field means by a text: the one with this key
 * or label.
 *
 * @typedef {{ value: string, label: string }} Choice
 * @typedef {(text: string|null, value?: string) => Promise<{ choices:
 *   Choice[] }>} Search finds rows by a text, or by their key
 */
import { t } from '../lang/texts.js';

/**
 * @param {Search} search
 * @param {string} text
 * @returns {Promise<{ found: Choice|null, hasFailed: boolean }>} found: null:
 *   there is no such row, or several have the label; hasFailed: this is not
 *   known, since there was no answer
 */
export async function lookUp(search, text) {
	try {
		return { found: await findExactly(search, text), hasFailed: false };
	} catch {
		return { found: null, hasFailed: true };
	}
}

async function findExactly(search, text) {
	const { choices } = await search(text);
	const byLabel = choices.filter(({ label }) => label === text);
	return choices.find(({ value }) => value === text) ?? (byLabel.length === 1 ? byLabel[0] : await findKey(search, text));
}

async function findKey(search, text) {
	const { choices } = await search(null, text);
	return choices.find(({ value }) => value === text) ?? null;
}

/**
 * Why a field has no value.
 * @param {string|null} text typed, in place of a choice; null: none
 * @param {boolean} hasFailed whether it could not be looked up
 * @returns {string|null} null: it has one
 */
export function complaintOf(text, hasFailed) {
	if (text === null) return null;
	if (text === '') return t('choice.choose');
	return t(hasFailed ? 'choice.failed_text' : 'choice.no_row', { text });
}
