// Every page and state with the longest words of all languages: no text is
// cut off or lies over another.
import de from '../../contrib_web/static/js/lang/de.js';
import en from '../../contrib_web/static/js/lang/en.js';
import fr from '../../contrib_web/static/js/lang/fr.js';
import nl from '../../contrib_web/static/js/lang/nl.js';
import { loadTexts, setTexts } from '../../contrib_web/static/js/lang/texts.js';
import { LOOKS } from './lib/looks.mjs';
import { OPTIONS, pages, rows, SQL } from './lib/states.mjs';
import { visits } from './lib/visits.mjs';

/** Any of the languages, in whose place the longest words are. */
const LANGUAGE = 'de';
const lengthOf = (message) => Math.max(...(typeof message === 'string' ? [message] : Object.values(message)).map((form) => form.length));
const longest = Object.fromEntries(Object.keys(en).map((key) => {
	const [message] = [de[key], fr[key], nl[key]].sort((a, b) => lengthOf(b) - lengthOf(a));
	return [key, message];
}));

await loadTexts([LANGUAGE]);
setTexts(longest);

visits('browser_looks_longest', {
	sql: SQL,
	options: OPTIONS,
	// "not live" stops the server, so it comes last.
	states: { ...rows, ...pages },
	looks: { wide: { ...LOOKS.wide, axe: null }, narrow: { ...LOOKS['narrow, light'], axe: null } },
	every: 4,
	keyboard: false,
	browser: { locale: `${LANGUAGE}-DE` },
	prepare: (person) => person.context.route(`**/lang/${LANGUAGE}.js`, (route) =>
		route.fulfill({ contentType: 'text/javascript', body: `export default ${JSON.stringify({ ...de, ...longest })}` })),
});
