/**
 * What a reader sets for this browser.
 */
const LOCK_ON = 'locking.lockOn';

/** @returns {'open'|'change'} when an edit page locks its row */
export function lockOnSetting() {
	try {
		return localStorage.getItem(LOCK_ON) === 'change' ? 'change' : 'open';
	} catch {
		return 'open';
	}
}

/** @param {'open'|'change'} value */
export function setLockOn(value) {
	try {
		localStorage.setItem(LOCK_ON, value);
	} catch {
		// Without storage it stays as it is.
	}
}
