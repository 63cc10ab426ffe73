/**
 * The user's settings in this browser.
 */
const LOCK_ON = 'locking.lockOn';

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
