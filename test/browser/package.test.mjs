// The npm package of locking.js: its files, and its types.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;
const TSC = new URL('node_modules/typescript/bin/tsc', import.meta.url).pathname;

let folder;
let installed;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'locking-package-'));
	const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: join(ROOT, 'contrib_web'), env: { ...process.env, npm_config_cache: join(folder, 'cache') } });
	installed = join(folder, 'node_modules/locking-web');
	await mkdir(installed, { recursive: true });
	await run('tar', ['-xzf', join(folder, JSON.parse(stdout)[0].filename), '--strip-components=1', '-C', installed]);
});
after(() => rm(folder, { recursive: true, force: true }));

/** The modules that a module imports, and so on. */
async function closure(path, found = new Set()) {
	if (found.has(path)) return found;
	found.add(path);
	const text = (await readFile(path, 'utf8')).replace(/\/\*[^]*?\*\//g, '');
	for (const [, name] of text.matchAll(/(?:\bfrom|\bimport|new URL\()\s*'(\.[^']*\.js)'/g)) await closure(resolve(dirname(path), name), found);
	return found;
}

/** What the compiler says to a file in a folder that has the package. */
async function compile(name, text, options = []) {
	const path = join(folder, name);
	await writeFile(path, text);
	return run(process.execPath, [TSC, '--noEmit', '--strict', '--skipDefaultLibCheck', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--module', 'nodenext', ...options, path])
		.then(() => '', ({ stdout }) => stdout);
}

test('the package has each module that its entries import', async () => {
	const { exports, version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
	const entries = Object.values(exports).flatMap(Object.values).map((path) => join(installed, path));
	assert.equal(entries.length, 4);
	for (const path of entries) assert.ok(existsSync(path), path);
	const modules = await closure(join(installed, 'static/locking-form.js')); // fails for one that is not there
	assert.ok(modules.has(join(installed, 'static/js/client/live-worker.js')));
	const [, released] = /^default_version *= *'(.*)'/m.exec(await readFile(join(ROOT, 'locking.control'), 'utf8'));
	assert.match(version, new RegExp(`^${released.replace('.', '\\.')}\\.`), 'the version is the extension\'s');
});

test('the types describe how the package is used', async () => {
	assert.equal(await compile('use.mts', `
		import { RowLock, type State } from 'locking-web';
		import { LockingForm } from 'locking-web/locking-form.js';
		const lock = new RowLock({ base: 'https://locks.example.org', table: 'article', key: '42', lockOn: 'change', draft: () => ({ a: 1 }) });
		lock.addEventListener('state', ({ detail }) => { const state: State = detail; if (state.phase === 'blocked') console.log(state.holder?.owner_name); });
		lock.addEventListener('declined', ({ detail: { message } }) => message?.trim());
		lock.addEventListener('signedout', ({ detail }) => detail.problem.title);
		await lock.start();
		const token: string | null = lock.token;
		await lock.ask('please');
		const draft = await lock.readDraft();
		const saved: number = await lock.save(async () => 5);
		lock.saved({ released: true });
		const element = document.querySelector('locking-form')!;
		element.addEventListener('reread', (event) => { event.preventDefault(); element.refreshed(); });
		element.addEventListener('request', ({ detail }) => detail.map(({ place }) => place + 1));
		const same: LockingForm = element;
		console.log(token, draft?.saved_at, saved, same.lock?.mayEdit);
	`), '');
});

test('the types refuse what the package has not', async () => {
	const complaints = await compile('misuse.mts', `
		import { RowLock } from 'locking-web';
		const lock = new RowLock({ table: 'article', key: 42 });
		const token: number = lock.token;
		lock.addEventListener('state', ({ detail }) => detail.phase === 'gone');
		lock.unlock();
	`);
	assert.deepEqual([...complaints.matchAll(/misuse\.mts\((\d+),/g)].map(([, line]) => line), ['3', '4', '5', '6'], complaints);
});

test('the types name each member of the classes, and no other', async () => {
	const text = (path, type) => `
		import { ${type} as Written } from '${join(ROOT, 'contrib_web/static', path)}';
		import { ${type} as Declared } from '${join(installed, 'types', path)}';
		type Base = ${type === 'RowLock' ? 'EventTarget' : 'HTMLElement'};
		type Callback = 'connectedCallback' | 'disconnectedCallback' | 'attributeChangedCallback';
		type Missing = Exclude<keyof Declared, keyof Written>;
		type Undeclared = Exclude<keyof Written, keyof Base | keyof Declared | Callback>;
		export const missing: [Missing] extends [never] ? true : Missing = true;
		export const more: [Undeclared] extends [never] ? true : Undeclared = true;
	`;
	assert.equal(await compile('row-lock.mts', text('locking.js', 'RowLock'), ['--allowJs']), '');
	assert.equal(await compile('form.mts', text('locking-form.js', 'LockingForm'), ['--allowJs']), '');
});
