/**
 * The user's settings in this browser.
 */
import { randomId } from './tab-id.js';

const LOCK_ON = 'locking.lockOn';
const LANGUAGE = 'locking.language';
const MACHINE = 'locking.machine';

/**
 * When an edit page locks its row.
 * @returns {'open'|'change'}
 */
export function lockOnSetting() {
	try {
		return localStorage.getItem(LOCK_ON) === 'change' ? 'change' : 'open';
	} catch {
		return 'open';
	}
}

/**
 * @param {'open'|'change'} value
 * @returns {void}
 */
export function setLockOn(value) {
	try {
		localStorage.setItem(LOCK_ON, value);
	} catch {
		// Storage may be disabled; the default applies.
	}
}

/**
 * Identifies this browser among those of the user.
 * @returns {string|null} null: it would be another one in the next page
 */
export function machineId() {
	try {
		const known = localStorage.getItem(MACHINE);
		if (known) return known;
		const id = randomId();
		localStorage.setItem(MACHINE, id);
		return id;
	} catch {
		return null;
	}
}

/**
 * The language that the user has chosen.
 * @returns {string|null} its code; null: none was chosen
 */
export function chosenLanguage() {
	try {
		return localStorage.getItem(LANGUAGE);
	} catch {
		return null;
	}
}

/**
 * @param {string} code
 * @returns {void}
 */
export function chooseLanguage(code) {
	try {
		localStorage.setItem(LANGUAGE, code);
	} catch {
		// Storage may be disabled; the choice lasts as long as the document.
	}
}

const columnsOf = (table) => `locking.columns.${table}`;

/**
 * The columns that the user has chosen for a table's list.
 * @param {string} table
 * @returns {string[]|null} null: none were chosen
 */
export function chosenColumns(table) {
	try {
		const names = JSON.parse(localStorage.getItem(columnsOf(table)));
		return Array.isArray(names) ? names : null;
	} catch {
		return null;
	}
}

/**
 * @param {string} table
 * @param {string[]|null} names null: the default
 * @returns {void}
 */
export function chooseColumns(table, names) {
	try {
		if (names) localStorage.setItem(columnsOf(table), JSON.stringify(names));
		else localStorage.removeItem(columnsOf(table));
	} catch {
		// Storage may be disabled; the choice lasts as long as the page.
	}
}
