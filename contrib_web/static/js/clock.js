/**
 * The server's time told by the page's own forward-going clock, so that neither a wrong
 * wall clock nor its being set matters; and a tick per second for whoever shows a countdown.
 */
const SLEPT = 5000;

export class Clock extends EventTarget {
	#serverAtZero = null;
	#timer = null;
	#listeners = 0;

	/** @param {string} serverTime ISO, as told by an answer to a request sent at `sentAt` */
	set(serverTime, sentAt) {
		this.#serverAtZero = new Date(serverTime).getTime() - sentAt;
	}

	/** When a moment of the server's comes by performance.now(). */
	toClock = (iso) => new Date(iso).getTime() - (this.#serverAtZero ?? Date.now() - performance.now());

	/** @returns {Function} to stop it */
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

export const clock = new Clock();

/**
 * performance.now() stands still while some computers sleep. The wall clock does not: where the
 * two part, the computer slept.
 * @param {{ wall: number, steady: number }} before
 * @param {{ wall: number, steady: number }} after
 */
export const slept = (before, after) => Math.abs(after.wall - before.wall - (after.steady - before.steady)) > SLEPT;

export const bothClocks = () => ({ wall: Date.now(), steady: performance.now() });
