/**
 * Names of browsers, from the text by which they describe themselves.
 */
import { t } from '../lang/texts.js';

/** By a word of the text. The first counts: many name others, too. */
const BROWSERS = [
	['Edg', 'Edge'],
	['OPR/', 'Opera'],
	['Firefox/', 'Firefox'],
	['FxiOS/', 'Firefox'],
	['Chrome/', 'Chrome'],
	['CriOS/', 'Chrome'],
	['Safari/', 'Safari'],
];
const SYSTEMS = [
	['iPhone', 'iPhone'],
	['iPad', 'iPad'],
	['Android', 'Android'],
	['Windows', 'Windows'],
	['Mac OS X', 'macOS'],
	['CrOS', 'ChromeOS'],
	['Linux', 'Linux'],
];

const nameIn = (names, text) => names.find(([word]) => text.includes(word))?.[1];

/**
 * @param {string|null} agent the header User-Agent
 * @returns {string} such as `Firefox on Linux`; the first word of the text if
 *   it is not a browser's
 */
export function browserName(agent) {
	if (!agent) return t('browser.unknown');
	const browser = nameIn(BROWSERS, agent);
	const system = nameIn(SYSTEMS, agent);
	if (!browser) return agent.split(/[\s/]/, 1)[0] || agent;
	return system ? t('browser.on', { browser, system }) : browser;
}
