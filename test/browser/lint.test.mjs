// Lint of the pages' scripts and of these tests: ESLint, and the layers of
// the pages' modules.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const pages = resolve(root, 'contrib_web/static');
// From the root, because ESLint ignores files outside its working directory.
const eslint = new ESLint({ cwd: root, overrideConfigFile: resolve(here, 'eslint.config.mjs') });

for (const folder of ['contrib_web/static', 'test/browser']) {
	test(`lint of ${folder}`, async () => {
		const results = await eslint.lintFiles([folder]);
		const found = results.flatMap(({ filePath, messages }) => messages.map(({ line, message, ruleId }) => `${relative(root, filePath)}:${line}: ${message} (${ruleId})`));
		assert.ok(results.length > 5, 'there are files to lint');
		assert.deepEqual(found, []);
	});
}

/**
 * Layers of the modules, by the beginning of their path. A module may import
 * from its own layer and from those before it.
 */
const LAYERS = ['js/model/', 'js/client/', 'locking.js', 'js/ui/', 'js/parts/controls/', 'js/parts/', 'js/pages/edit/', 'js/pages/', 'js/'];

const layerOf = (path) => LAYERS.findIndex((beginning) => path.startsWith(beginning));

/** The modules that a script imports, without those named in comments. */
function importsOf(path) {
	const text = readFileSync(resolve(pages, path), 'utf8').replace(/\/\*[^]*?\*\//g, '');
	const names = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g)].map(([, name]) => name);
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

test('layers of the modules: no import of a higher layer, no cycle', () => {
	const scripts = readdirSync(pages, { recursive: true }).filter((path) => path.endsWith('.js'));
	const imports = new Map(scripts.map((path) => [path, importsOf(path)]));
	const all = [...imports].flatMap(([path, names]) => names.map((name) => [path, name]));
	assert.ok(all.length > 50, 'there are imports to check');
	assert.deepEqual(all.filter(([, name]) => !imports.has(name)), [], 'every import names a module');
	assert.deepEqual(all.filter(([path, name]) => layerOf(name) > layerOf(path)).map(([path, name]) => `${path} imports ${name}`), []);
	const done = new Set();
	assert.deepEqual(scripts.map((path) => cycleBelow([path], imports, done)).filter(Boolean), []);
});
