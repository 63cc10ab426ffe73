/**
 * The icons, drawn on a square of 24 by 24. They are part of the program, not
 * files of their own: a page that has lost the connection can show any of
 * them.
 */
const ICONS = {
	logo:
		'<rect x="4" y="10" width="16" height="11" rx="2.5" fill="currentColor" stroke="none"/><path d="M7.5 10V7.5a4.5 4.5 0 0 1 9 0V10"/><path d="M8 14h8M8 17.25h5" stroke="var(--surface, #fff)" stroke-width="1.5"/>',
	lock:
		'<rect x="5" y="10.5" width="14" height="9.5" rx="2"/><path d="M8 10.5V7.75a4 4 0 0 1 8 0v2.75"/><path d="M12 14.25v2"/>',
	unlock:
		'<rect x="5" y="10.5" width="14" height="9.5" rx="2"/><path d="M8 10.5V7.75a4 4 0 0 1 7.6-1.75"/><path d="M12 14.25v2"/>',
	editing:
		'<path d="M13 3.5H7A1.5 1.5 0 0 0 5.5 5v14A1.5 1.5 0 0 0 7 20.5h4"/><path d="M13 3.5 18 8.5M13 3.5v5h5v1.5"/><path d="m13.5 18.75 5.4-5.4a1.4 1.4 0 0 1 2 2l-5.4 5.4-2.6.6z"/>',
	table:
		'<rect x="3.5" y="5" width="17" height="14" rx="2"/><path d="M3.5 9.75h17M3.5 14.4h17M9.5 9.75V19"/>',
	history:
		'<path d="M4 12a8 8 0 1 0 2.6-5.9L4 8.5"/><path d="M4 4.25V8.5h4.25"/><path d="M12 8v4.25l2.75 1.75"/>',
	gauge:
		'<path d="M4 19V11M10 19V5M16 19v-6M21 19H3"/>',
	search:
		'<circle cx="11" cy="11" r="6"/><path d="m15.5 15.5 4.25 4.25"/>',
	sun:
		'<circle cx="12" cy="12" r="3.75"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"/>',
	moon:
		'<path d="M19.5 14.2A7.75 7.75 0 0 1 9.8 4.5a7.75 7.75 0 1 0 9.7 9.7z"/>',
	auto:
		'<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>',
	globe:
		'<circle cx="12" cy="12" r="8"/><ellipse cx="12" cy="12" rx="3.5" ry="8"/><path d="M4.6 9.25h14.8M4.6 14.75h14.8"/>',
	'sign-out':
		'<path d="M10 4H6.5A1.5 1.5 0 0 0 5 5.5v13A1.5 1.5 0 0 0 6.5 20H10"/><path d="M14.5 8 18.5 12l-4 4M18.5 12H9.5"/>',
	plus:
		'<path d="M12 5v14M5 12h14"/>',
	minus:
		'<path d="M5 12h14"/>',
	up:
		'<path d="M12 19V5.5M6.5 11 12 5.5 17.5 11"/>',
	left:
		'<path d="M14.5 5.5 8 12l6.5 6.5"/>',
	right:
		'<path d="M9.5 5.5 16 12l-6.5 6.5"/>',
	down:
		'<path d="M5.5 9.5 12 16l6.5-6.5"/>',
	close:
		'<path d="m6 6 12 12M18 6 6 18"/>',
	check:
		'<path d="m4.5 12.5 5 5 10-11"/>',
	warn:
		'<path d="M12 4.5 3.5 19h17z"/><path d="M12 10.25v4M12 16.6v.1"/>',
	info:
		'<circle cx="12" cy="12" r="8.25"/><path d="M12 11.25v5M12 7.9v.1"/>',
	hand:
		'<path d="M7.5 12.5V6.25a1.25 1.25 0 0 1 2.5 0V11m0-.5V4.75a1.25 1.25 0 0 1 2.5 0V10.5m0-4.25a1.25 1.25 0 0 1 2.5 0V11m0-2.75a1.25 1.25 0 0 1 2.5 0v6c0 3.5-2 6-5.5 6-2.75 0-4.25-1.25-5.5-3.5l-2-3.75a1.3 1.3 0 0 1 2.2-1.35l1.3 1.85"/>',
	clock:
		'<circle cx="12" cy="12" r="8.25"/><path d="M12 7.5V12l3 2"/>',
	refresh:
		'<path d="M20 12a8 8 0 1 1-2.6-5.9L20 8.5"/><path d="M20 4.25V8.5h-4.25"/>',
	settings:
		'<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
	shield:
		'<path d="M12 3.75 5 6.25v5.25c0 4.25 2.9 7.25 7 8.75 4.1-1.5 7-4.5 7-8.75V6.25z"/>',
	filter:
		'<path d="M4 7h16M7 12h10M10 17h4"/>',
	download:
		'<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14"/>',
	lines:
		'<path d="M4.5 7h15M4.5 12h15M4.5 17h9"/>',
	offline:
		'<path d="M4 4l16 16M8.5 15.5a5 5 0 0 1 6.2-.7M5.5 12.25A9.5 9.5 0 0 1 9 10M3 8.75A13.5 13.5 0 0 1 6.25 6.6M11.5 5.5A13.5 13.5 0 0 1 21 8.75M14.75 9.9a9.5 9.5 0 0 1 3.75 2.35M12 19v.1"/>',
	copy:
		'<rect x="8.5" y="8.5" width="11" height="11" rx="1.75"/><path d="M15.5 8.5v-2A1.75 1.75 0 0 0 13.75 4.75h-7A1.75 1.75 0 0 0 5 6.5v7a1.75 1.75 0 0 0 1.75 1.75H8.5"/>',
	trash:
		'<path d="M4.5 6.75h15M9.5 6.5V5a1 1 0 0 1 1-1h3a1 1 0 0 1 1 1v1.5M6.5 6.75l.8 12a1.5 1.5 0 0 0 1.5 1.4h6.4a1.5 1.5 0 0 0 1.5-1.4l.8-12M10.25 10.5v6M13.75 10.5v6"/>',
};

const STYLE = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
const drawn = new Map();

/**
 * Draws an icon.
 * @param {string} name
 * @returns {SVGElement}
 * @throws {TypeError} if there is no such icon
 */
export function drawIcon(name) {
	if (!Object.hasOwn(ICONS, name)) throw new TypeError(`no icon ${name}`);
	if (!drawn.has(name)) drawn.set(name, parse(ICONS[name]));
	return document.importNode(drawn.get(name), true);
}

const parse = (shapes) =>
	new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" ${STYLE}>${shapes}</svg>`, 'image/svg+xml')
		.documentElement;
