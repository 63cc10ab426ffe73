// Prints the imports of the pages' modules that violate the layering: of a
// higher layer, in a cycle, or of a file that does not exist.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const pages = resolve(dirname(fileURLToPath(import.meta.url)), '../../contrib_web/static');

/**
 * Layers of the modules, by the beginning of their path. A module may import
 * from its own layer and from those before it.
 */
const LAYERS = ['js/lang/', 'js/model/', 'js/client/', 'locking.js', 'js/ui/', 'js/embed/', 'locking-form.js', 'js/parts/controls/', 'js/parts/', 'js/pages/edit/', 'js/pages/', 'js/'];

const layerOf = (path) => LAYERS.findIndex((beginning) => path.startsWith(beginning));

/** The modules that a script imports, without those named in comments. */
function importsOf(path) {
	const text = readFileSync(resolve(pages, path), 'utf8').replace(/\/\*[^]*?\*\//g, '');
	const names = [...text.matchAll(/(?:\bfrom |\bimport |\bimport\()'([^']+)'/g)].map(([, name]) => name);
	return names.map((name) => relative(pages, resolve(pages, dirname(path), name)));
}

/**
 * @returns {string[]|null} the modules of a cycle below the last of `path`
 */
function cycleBelow(path, imports, done) {
	const last = path.at(-1);
	if (path.indexOf(last) < path.length - 1) return path.slice(path.indexOf(last));
	if (done.has(last)) return null;
	for (const each of imports.get(last)) {
		const cycle = cycleBelow([...path, each], imports, done);
		if (cycle) return cycle;
	}
	done.add(last);
	return null;
}

const scripts = readdirSync(pages, { recursive: true }).filter((path) => path.endsWith('.js'));
const imports = new Map(scripts.map((path) => [path, importsOf(path)]));
const all = [...imports].flatMap(([path, names]) => names.map((name) => [path, name]));
const done = new Set();

if (all.length < 50) console.log('hardly any imports found');
for (const [path, name] of all) {
	if (!imports.has(name)) console.log(`${path}: imports ${name}, which is not there`);
	else if (layerOf(name) > layerOf(path)) console.log(`${path}: imports ${name}, of a higher layer`);
}
for (const path of scripts) {
	const cycle = cycleBelow([path], imports, done);
	if (cycle) console.log(`cycle: ${cycle.join(' -> ')}`);
}
