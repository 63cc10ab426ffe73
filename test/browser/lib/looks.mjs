/**
 * Checks of a page as it is shown, in every look that it has to have: wide,
 * narrow, enlarged, from right to left, in both themes, without motion, with
 * forced colours, and by keyboard. The page is reached once, and then looked
 * at in each of them.
 *
 * PICTURES=FOLDER in the environment also keeps a picture of each look.
 */
import { mkdirSync, writeFileSync } from 'node:fs';

/**
 * @typedef {object} Look
 * @property {number} width in CSS pixels
 * @property {number} height
 * @property {number} [scale] device pixels for each: 2 with half the width is
 *   a zoom of 200 %
 * @property {boolean} [touch]
 * @property {'light'|'dark'} [scheme]
 * @property {'ltr'|'rtl'} [dir]
 * @property {boolean} [forced] colours
 * @property {'all'|'colours'} [axe] which of its rules to check
 */

/** @type {Object<string, Look>} */
export const LOOKS = {
	wide: { width: 1280, height: 900, axe: 'all' },
	dark: { width: 1280, height: 900, scheme: 'dark', axe: 'colours' },
	rtl: { width: 1280, height: 900, dir: 'rtl' },
	forced: { width: 1280, height: 900, forced: true },
	zoomed: { width: 640, height: 450, scale: 2 },
	narrow: { width: 390, height: 844, touch: true, scale: 2, scheme: 'dark', axe: 'all' },
	'narrow, light': { width: 390, height: 844, touch: true, scale: 2, axe: 'colours' },
	'narrow, rtl': { width: 390, height: 844, touch: true, scale: 2, dir: 'rtl' },
};

const FOLDER = process.env.PICTURES;
if (FOLDER) mkdirSync(FOLDER, { recursive: true });

/**
 * Looks at the page of a person.
 * @param {import('./person.mjs').Person} person
 * @param {string} name of the state, for pictures
 * @param {Object<string, Look>} looks
 * @returns {Promise<string[]>} what is wrong
 */
export async function faultsOf(person, name, looks) {
	const { page } = person;
	const devtools = await person.context.newCDPSession(page);
	const faults = [];
	for (const [look, options] of Object.entries(looks)) {
		await takeOn(page, devtools, options);
		if (FOLDER) await keepPicture(devtools, `${name} (${look})`);
		const found = await page.evaluate(FAULTS, options.dir ?? 'ltr');
		if (options.axe) found.push(...await person.barriers(options.axe === 'colours' ? ['color-contrast'] : null));
		faults.push(...found.map((fault) => `${look}: ${fault}`));
	}
	const { width, height } = LOOKS.wide;
	await takeOn(page, devtools, LOOKS.wide);
	await devtools.detach();
	await page.setViewportSize({ width, height });
	return faults;
}

// Not by Playwright, which would set its own size of the window again.
async function keepPicture(devtools, name) {
	const { data } = await devtools.send('Page.captureScreenshot', { format: 'png' });
	writeFileSync(`${FOLDER}/${name.replaceAll(/[:,]/g, '')}.png`, Buffer.from(data, 'base64'));
}

/**
 * Gives a page the look.
 * @param {import('playwright-core').Page} page
 * @param {import('playwright-core').CDPSession} devtools
 * @param {Look} look
 */
export async function takeOn(page, devtools, { width, height, scale = 1, touch = false, scheme = 'light', dir = 'ltr', forced = false }) {
	await devtools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: touch });
	await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: touch });
	await page.emulateMedia({ colorScheme: scheme, forcedColors: forced ? 'active' : 'none', reducedMotion: 'reduce' });
	await page.evaluate(SETTLE, dir);
}

/** In the page: sets its direction, and waits for the layout. */
const SETTLE = async (dir) => {
	document.documentElement.dir = dir;
	await new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); });
};

/** In the page: what is too wide, cut off, covered or moving. */
const FAULTS = (dir) => {
	const faults = [];
	const nameOf = (element) => {
		const words = (element.getAttribute('aria-label') ?? element.textContent).trim().replaceAll(/\s+/g, ' ').slice(0, 40);
		return `${element.localName}${element.className && typeof element.className === 'string' ? `.${element.className.trim().replaceAll(/\s+/g, '.')}` : ''} “${words}”`;
	};
	const all = [];
	const collect = (root) => {
		for (const element of root.querySelectorAll('*')) {
			all.push(element);
			if (element.shadowRoot) collect(element.shadowRoot);
		}
	};
	collect(document.body);
	const isClipped = (element) => element !== document.body && (getComputedStyle(element).clipPath !== 'none' || (element.parentElement ? isClipped(element.parentElement) : false));
	const isShown = (element) => !isClipped(element) && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest('.visually-hidden, .skip-link, [aria-hidden="true"], option');
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth - root.clientWidth} pixels too wide`);

	const modal = document.querySelector('dialog:modal');
	const shown = all.filter((element) => isShown(element) && (!modal || modal.contains(element)));
	const scrolls = (element) => {
		for (let each = element.parentElement; each; each = each.parentElement) if (each.scrollWidth > each.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(each).overflowX)) return true;
		return false;
	};
	const isShortened = (element) => {
		for (let each = element; each; each = each.parentElement) {
			const { overflowX, textOverflow, webkitLineClamp } = getComputedStyle(each);
			if (overflowX === 'hidden' && (textOverflow === 'ellipsis' || webkitLineClamp !== 'none')) return true;
		}
		return false;
	};
	const CONTROLS = 'button, a[href], input, select, textarea, summary';
	const boxes = [];
	for (const element of shown) {
		const style = getComputedStyle(element);
		const { left, right, width, height } = element.getBoundingClientRect();
		if (style.animationName !== 'none' && parseFloat(style.animationDuration) > 0) faults.push(`${nameOf(element)} is animated`);
		if (width < 2 || height < 2) continue;
		const isControl = element.matches(CONTROLS);
		const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
		if (!isControl && !isText) continue;
		if ((left < -1 || right > root.clientWidth + 1) && !scrolls(element) && !isShortened(element)) faults.push(`${nameOf(element)} lies beyond the window: ${Math.round(left)} to ${Math.round(right)}`);
		const owner = element.closest(CONTROLS)?.getBoundingClientRect();
		if (owner && style.position === 'static' && (left < owner.left - 2 || right > owner.right + 2) && !isShortened(element)) faults.push(`${nameOf(element)} lies beyond its control`);
		// Text may be cut off only where an ellipsis says so.
		const isCut = element.scrollWidth > element.clientWidth + 1 && style.display !== 'inline' && style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis' && style.webkitLineClamp === 'none';
		const isTooNarrow = element.matches('button, .button, .chip, label, legend, th, dt, summary') && element.scrollWidth > element.clientWidth + 1 && style.display !== 'inline' && style.textOverflow !== 'ellipsis';
		if (!element.matches('input, textarea, select') && (isCut || isTooNarrow)) faults.push(`${nameOf(element)} is cut off`);
		if (isControl && !element.closest('.language')) boxes.push(element);
	}
	// Controls of one layer do not lie over each other.
	const isLayer = ({ position, overflowY }) => ['fixed', 'sticky', 'absolute'].includes(position) || ['auto', 'scroll'].includes(overflowY);
	const layerOf = (element) => {
		for (let each = element; each; each = each.parentElement ?? each.getRootNode().host) if (isLayer(getComputedStyle(each))) return each;
		return null;
	};
	const layers = Map.groupBy(boxes, layerOf);
	for (const members of layers.values()) {
		for (const [i, one] of members.entries()) {
			const a = one.getBoundingClientRect();
			for (const other of members.slice(i + 1)) {
				const b = other.getBoundingClientRect();
				const overlaps = a.left < b.right - 2 && b.left < a.right - 2 && a.top < b.bottom - 2 && b.top < a.bottom - 2;
				if (overlaps && !one.contains(other) && !other.contains(one)) faults.push(`${nameOf(one)} and ${nameOf(other)} overlap`);
			}
		}
	}
	if (getComputedStyle(root).direction !== dir) faults.push(`the page is not ${dir}`);
	return faults;
};
