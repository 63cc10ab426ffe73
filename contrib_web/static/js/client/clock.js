/**
 * Conversion of server times to performance.now(), a shared tick per second,
 * and detection of sleep. performance.now() is monotonic, so neither a wrong
 * wall clock nor a change of it matters.
 */

/** Difference of the two clocks that counts as sleep, in milliseconds. */
const SLEPT = 5000;

/** Converts server times. Events: `tick` every second while listened to. */
export class Clock extends EventTarget {
	#serverAtZero = null;
	#timer = null;
	#listeners = 0;

	/**
	 * Sets the server's time.
	 * @param {string} serverTime ISO, from a response
	 * @param {number} sentAt when its request was sent, by performance.now()
	 * @returns {void}
	 */
	set(serverTime, sentAt) {
		this.#serverAtZero = new Date(serverTime).getTime() - sentAt;
	}

	/**
	 * Converts a server time to performance.now().
	 * @param {string} iso
	 * @returns {number} milliseconds
	 */
	toClock = (iso) => new Date(iso).getTime() - (this.#serverAtZero ?? Date.now() - performance.now());

	/**
	 * Calls the listener every second.
	 * @param {() => void} listener
	 * @returns {() => void} stops it
	 */
	everySecond(listener) {
		this.addEventListener('tick', listener);
		if (this.#listeners++ === 0) this.#timer = setInterval(() => this.dispatchEvent(new Event('tick')), 1000);
		let active = true;
		return () => {
			if (!active) return;
			active = false;
			this.removeEventListener('tick', listener);
			if (--this.#listeners === 0) clearInterval(this.#timer);
		};
	}
}

/** The clock that all modules of a page share. */
export const clock = new Clock();

/**
 * Whether the computer slept between two readings. On some systems
 * performance.now() stops during sleep; the wall clock does not.
 * @param {{ wall: number, steady: number }} before of bothClocks()
 * @param {{ wall: number, steady: number }} after
 * @returns {boolean}
 */
export const slept = (before, after) => Math.abs(after.wall - before.wall - (after.steady - before.steady)) > SLEPT;

/**
 * Readings of the wall clock and of the monotonic clock, in milliseconds.
 * @returns {{ wall: number, steady: number }}
 */
export const bothClocks = () => ({ wall: Date.now(), steady: performance.now() });
