/**
 * A small chart: bars of a number over time.
 */
import { svg } from '../ui/dom.js';

const HEIGHT = 24;
const STEP = 4;

/**
 * @param {object} options
 * @param {{ at: string, n: number }[]} options.steps
 * @param {string} options.label what screen readers say
 * @returns {SVGElement}
 */
export function bars({ steps, label }) {
	const most = Math.max(1, ...steps.map(({ n }) => n));
	const rects = steps.map(({ n }, i) => {
		const height = n ? Math.max(2, (n / most) * HEIGHT) : 0;
		return svg('rect', { x: i * STEP, y: HEIGHT - height, width: STEP - 1, height });
	});
	const base = svg('path', { d: `M0 ${HEIGHT + 0.5}H${Math.max(1, steps.length) * STEP}` });
	return svg('svg', { class: 'bars', viewBox: `0 0 ${Math.max(1, steps.length) * STEP} ${HEIGHT + 1}`, role: 'img', 'aria-label': label, preserveAspectRatio: 'none' }, ...rects, base);
}
