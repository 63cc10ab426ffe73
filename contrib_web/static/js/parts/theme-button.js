/**
 * The button that changes the theme: as the system, light, dark.
 */
import { icon } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

const THEMES = ['', 'light', 'dark'];
const THEME_NAMES = { '': ['system', 'auto'], light: ['light', 'sun'], dark: ['dark', 'moon'] };

/**
 * @returns {HTMLButtonElement}
 */
export function themeButton() {
	const root = document.documentElement;
	const current = () => root.dataset.theme ?? '';
	const element = button('', () => show(use(THEMES[(THEMES.indexOf(current()) + 1) % THEMES.length])), {
		kind: 'plain icon-only',
	});
	function show(theme) {
		const [name, picture] = THEME_NAMES[theme];
		element.replaceChildren(icon(picture));
		element.setAttribute('aria-label', `Theme: ${name}`);
		element.title = `Theme: ${name}`;
	}
	show(current());
	return element;
}

function use(theme) {
	const root = document.documentElement;
	if (theme) root.dataset.theme = theme;
	else delete root.dataset.theme;
	try {
		localStorage.setItem('locking.theme', theme);
	} catch {
		// Storage may be disabled; the theme lasts until the next load.
	}
	return theme;
}
