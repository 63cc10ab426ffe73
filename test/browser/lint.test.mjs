// ESLint finds nothing in the pages' scripts, nor in these tests.
import assert from 'node:assert/strict';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
// From the root, as ESLint does not look at files outside of where it runs.
const eslint = new ESLint({ cwd: root, overrideConfigFile: resolve(here, 'eslint.config.mjs') });

for (const folder of ['contrib_web/static', 'test/browser']) {
	test(`lint of ${folder}`, async () => {
		const results = await eslint.lintFiles([folder]);
		const found = results.flatMap(({ filePath, messages }) => messages.map(({ line, message, ruleId }) => `${relative(root, filePath)}:${line}: ${message} (${ruleId})`));
		assert.ok(results.length > 5, 'there are files to look at');
		assert.deepEqual(found, []);
	});
}
