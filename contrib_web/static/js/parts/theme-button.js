/**
 * The button that changes the theme: as the system, light, dark.
 */
import { t } from '../lang/texts.js';
import { icon } from '../ui/dom.js';
import { button } from '../ui/widgets.js';

const THEMES = ['', 'light', 'dark'];
/** Label (its key) and icon of each. */
const LABELS = { '': ['theme.system', 'auto'], light: ['theme.light', 'sun'], dark: ['theme.dark', 'moon'] };

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
		const [label, picture] = LABELS[theme];
		element.replaceChildren(icon(picture));
		element.setAttribute('aria-label', t(label));
		element.title = t(label);
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
