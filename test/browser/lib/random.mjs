/**
 * Random numbers that can be repeated by their seed.
 */

/**
 * mulberry32: a small generator.
 * @param {number} seed
 * @returns {() => number} from 0 up to 1, exclusive
 */
export function randomNumbers(seed) {
	let a = seed;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/**
 * @template T
 * @param {() => number} random
 * @param {T[]} list
 * @returns {T}
 */
export const pick = (random, list) => list[Math.floor(random() * list.length)];
