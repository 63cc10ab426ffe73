/**
 * A tour through a page with the Tab key: everything is reached, in the order
 * in which it is read, and shows that it has the focus, where nothing covers
 * it.
 */
import { LOOKS, takeOn } from './looks.mjs';

/** Looks that place things differently. */
export const TOURS = { wide: LOOKS.wide, narrow: LOOKS.narrow, zoomed: LOOKS.zoomed };

/** The longest way through a page. */
const LONGEST_WAY = 150;

/**
 * Goes through the page of a person.
 * @param {import('./person.mjs').Person} person
 * @param {Object<string, import('./looks.mjs').Look>} looks
 * @returns {Promise<string[]>} what is wrong
 */
export async function faultsOfTours(person, looks) {
	const devtools = await person.context.newCDPSession(person.page);
	const faults = [];
	for (const [look, options] of Object.entries(looks)) {
		await takeOn(person.page, devtools, options);
		faults.push(...(await tour(person)).map((fault) => `by keyboard, ${look}: ${fault}`));
	}
	await devtools.detach();
	return faults;
}

async function tour(person) {
	const { page } = person;
	await page.evaluate(START);
	if (await person.dialog().count()) {
		await page.keyboard.press('Tab');
		await page.keyboard.press('Shift+Tab');
	}
	for (let step = 0; step < LONGEST_WAY && !await page.evaluate(VISIT); step++) await page.keyboard.press('Tab');
	return page.evaluate(END);
}

/** In the page: begins a tour, from the top. */
const START = () => {
	const modal = document.querySelector('dialog:modal');
	const area = modal ?? document.body;
	globalThis.tour = { visited: [], isOver: false, faults: [] };
	scrollTo(0, 0);
	const isInGroup = (element) => element.type === 'radio' && element.name && !(element.checked || ![...document.getElementsByName(element.name)].some(({ checked }) => checked) && document.getElementsByName(element.name)[0] === element);
	const tabbable = [];
	const collect = (root) => {
		for (const element of root.querySelectorAll('*')) {
			if (element.shadowRoot) collect(element.shadowRoot);
			if (element.matches('a[href], button, input, select, textarea, summary, [tabindex]') && element.tabIndex >= 0 && !element.disabled && element.checkVisibility({ visibilityProperty: true }) && !isInGroup(element)) tabbable.push(element);
		}
	};
	collect(area);
	globalThis.tour.wanted = tabbable;
	if (modal) return tabbable[0].focus();
	document.body.tabIndex = -1;
	document.body.focus();
	return document.body.removeAttribute('tabindex');
};

/** In the page: notes what has the focus now. */
const VISIT = async () => {
	const { tour } = globalThis;
	// Messages give way to what has the focus, once it is scrolled to.
	if (document.querySelector('message-dock:not([hidden])')) await new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); });
	let at = document.activeElement;
	while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
	const isOut = !at || at === document.body || at === document.documentElement;
	if (isOut && !tour.visited.length) return false;
	if (isOut || tour.visited.some(({ element }) => element === at)) {
		// In a date, Tab goes from part to part.
		const isSame = at === tour.visited.at(-1)?.element;
		tour.isOver = !isSame || (tour.stays = (tour.stays ?? 0) + 1) > 8;
		if (isSame && tour.isOver) tour.faults.push('the focus is trapped');
		return tour.isOver;
	}
	tour.stays = 0;
	const parentOf = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;
	const isMarked = (element) => element && getComputedStyle(element).outlineStyle !== 'none' && parseFloat(getComputedStyle(element).outlineWidth) > 0;
	// A part of the page that has its place by itself, or scrolls.
	const isPart = (element) => {
		const { position, overflowX, overflowY } = getComputedStyle(element);
		return element === document.documentElement || element.localName === 'dialog' || ['fixed', 'sticky'].includes(position)
			|| (['auto', 'scroll'].includes(overflowY) && element.scrollHeight > element.clientHeight) || (['auto', 'scroll'].includes(overflowX) && element.scrollWidth > element.clientWidth);
	};
	// Where the element is within its part, however that is scrolled.
	const placeOf = (element) => {
		let part = parentOf(element);
		while (!isPart(part)) part = parentOf(part);
		const origin = part.getBoundingClientRect();
		const { left, top, width, height } = element.getBoundingClientRect();
		const isPage = part === document.documentElement; // whose own place is scrolled
		const place = { left: left - origin.left + (isPage ? 0 : part.scrollLeft), top: top - origin.top + (isPage ? 0 : part.scrollTop) };
		return { part, ...place, right: place.left + width, bottom: place.top + height };
	};
	// What is clicked where the element is: itself, or what belongs to it.
	const isAt = (x, y) => {
		if (x < 0 || y < 0 || x >= document.documentElement.clientWidth || y >= innerHeight) return false;
		const over = at.getRootNode().elementFromPoint(x, y);
		return Boolean(over) && (at.contains(over) || over.contains(at) || Boolean(at.parentElement?.contains(over) || at.closest('label')?.contains(over)));
	};
	const { left, right, top, bottom } = at.getBoundingClientRect();
	const MARGIN = 3;
	const seen = [[left + MARGIN, right - MARGIN], [top + MARGIN, bottom - MARGIN]];
	const middle = ([from, to]) => (from + to) / 2;
	const corners = seen[0].flatMap((x) => seen[1].map((y) => [x, y]));
	const points = [[middle(seen[0]), middle(seen[1])], ...corners];
	tour.visited.push({
		element: at,
		...placeOf(at),
		isMarked: isMarked(at) || isMarked(at.parentElement) || isMarked(at.closest('label')),
		hidden: points.filter(([x, y]) => !isAt(x, y)).length,
		// Of a text, the browser scrolls to the line with the caret.
		isShort: at.localName !== 'textarea',
	});
	return false;
};

/** In the page: judges the tour. */
const END = () => {
	const { visited, faults, wanted } = globalThis.tour;
	const nameOf = (element) => `${element.localName} “${(element.getAttribute('aria-label') ?? (element.labels?.[0]?.textContent || element.textContent)).trim().replaceAll(/\s+/g, ' ').slice(0, 40)}”`;
	for (const { element, isMarked, hidden, isShort } of visited) {
		if (!isMarked) faults.push(`${nameOf(element)} does not show that it has the focus`);
		if (hidden > (isShort ? 0 : 4)) faults.push(`${nameOf(element)} has the focus, and ${hidden} of 5 points of it are not seen`);
	}
	for (const element of wanted)
		if (element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.disabled && !visited.some((each) => each.element === element)) faults.push(`${nameOf(element)} is not reached`);
	// Each is below the one before, or behind it in its line.
	const isRtl = getComputedStyle(document.documentElement).direction === 'rtl';
	const isBefore = (a, b) => (isRtl ? a.left >= b.right - 2 : a.right <= b.left + 2);
	for (const [i, next] of visited.entries()) {
		const last = visited.slice(0, i).findLast(({ part }) => part === next.part);
		if (!last) continue;
		const isAbove = next.bottom <= last.top + 2;
		const isBeside = !isAbove && last.bottom > next.top + 2;
		if (isAbove && !isBefore(last, next)) faults.push(`${nameOf(next.element)} comes after ${nameOf(last.element)}, which is below it`);
		if (isBeside && isBefore(next, last)) faults.push(`${nameOf(next.element)} comes after ${nameOf(last.element)}, which is behind it in its line`);
	}
	return faults;
};
