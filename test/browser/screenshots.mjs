/**
 * Screenshots of every page and its main states, in both themes and widths,
 * for inspection, and what axe finds in them. Needs a running locking-web on
 * the demo's tables (make demo), the modules of package.json, and Debian's
 * chromium.
 *
 *   node test/browser/screenshots.mjs [--base http://127.0.0.1:8080]
 *       [--out screenshots] [--editor anna:PASSWORD] [--other bert:PASSWORD]
 *       [--admin carla:PASSWORD]
 *       [--theme light|dark] [--width 1280|390] [--zoom 2] [--rtl]
 *       [--only PART-OF-A-NAME]
 *
 * Passwords default to the names. --theme and --width select one instead of
 * both; --zoom enlarges as the browser does, so that the page has less room;
 * --rtl sets the pages from right to left. Files: OUT/NAME-THEME-WIDTH.png.
 * Rows are locked, and none stays changed. Exits with 1 if a state could not
 * be reached, axe found a serious fault, or a page was wider than its window.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: options } = parseArgs({
	options: {
		base: { type: 'string', default: 'http://127.0.0.1:8080' },
		out: { type: 'string', default: 'screenshots' },
		editor: { type: 'string', default: 'anna' },
		other: { type: 'string', default: 'bert' },
		admin: { type: 'string', default: 'carla' },
		theme: { type: 'string' },
		width: { type: 'string' },
		zoom: { type: 'string', default: '1' },
		rtl: { type: 'boolean', default: false },
		only: { type: 'string', default: '' },
	},
});
const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];
const THEMES = options.theme ? [options.theme] : ['light', 'dark'];
const WIDTHS = options.width ? [Number(options.width)] : [1280, 390];
const HEIGHT = { 1280: 900, 390: 844 };
/** Time for animations to end, in milliseconds. */
const SETTLE = 400;
/** How long a state is waited for, in milliseconds. */
const PATIENCE = 10_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ZOOM = Number(options.zoom);
let failed = 0;

async function pictures(theme, width) {
	const context = () => contextOf(theme, { width: width / ZOOM, height: (HEIGHT[width] ?? 900) / ZOOM });
	const people = {};
	for (const who of ['editor', 'other', 'admin']) people[who] = await signedIn(await context(), options[who]);
	const stranger = await (await context()).newPage();
	for (const [name, scene] of Object.entries(scenes)) {
		if (!name.includes(options.only)) continue;
		const shoot = (page, part = '') => picture(page, `${name}${part}-${theme}-${width}`);
		await scene({ ...people, stranger, shoot }).catch((error) => complain(`${name}-${theme}-${width}`, error));
	}
	for (const page of Object.values(people)) await page.context().close();
	await stranger.context().close();
}

async function contextOf(colorScheme, viewport) {
	const context = await browser.newContext({ colorScheme, viewport, deviceScaleFactor: ZOOM });
	context.setDefaultTimeout(PATIENCE);
	if (options.rtl) await context.addInitScript(() => addEventListener('DOMContentLoaded', () => { document.documentElement.dir = 'rtl'; }));
	return context;
}

async function signedIn(context, account) {
	const [role, password = role] = account.split(/:(.*)/s);
	const page = await context.newPage();
	await page.goto(`${options.base}/signin`);
	await page.getByLabel('Name').fill(role);
	await page.getByLabel('Password').fill(password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL('**/tables');
	return page;
}

async function picture(page, name) {
	await page.waitForTimeout(SETTLE);
	await page.screenshot({ path: `${options.out}/${name}.png` });
	console.log(`${options.out}/${name}.png`);
	for (const fault of await faults(page)) complain(name, new Error(fault));
}

/** What axe finds, and the page's width beyond the window. */
async function faults(page) {
	await page.evaluate(AXE);
	return page.evaluate(async () => {
		const { scrollWidth, clientWidth } = document.documentElement;
		const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
		const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
		return [
			...serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
			...(scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} pixels too wide`] : []),
		];
	});
}

function complain(name, error) {
	failed++;
	console.error(`${name}: ${error.message}`);
}

const open = (page, path) => page.goto(options.base + path);
const list = (page, query = '') =>
	open(page, `/tables/country${query}`).then(() => page.locator('tbody tr, .empty').first().waitFor());
const tone = (page, name) => page.locator(`.lock-bar[data-tone="${name}"]`).waitFor();
const press = (page, name) => page.getByRole('button', { name }).click();
const dialog = (page) => page.locator('dialog[open]').waitFor();
const close = (page) => page.keyboard.press('Escape');
const field = (page, name) => page.locator(`value-field[data-column="${name}"]`).getByRole('textbox');

/** Opens a row for editing, and waits for its lock. */
async function edit(page, key) {
	await open(page, `/tables/country/${key}`);
	await tone(page, 'mine');
}

/** On a narrow page most actions are in a menu. */
async function act(page, name) {
	const more = page.getByRole('button', { name: 'More actions' });
	if (await more.isVisible()) await more.click();
	await press(page, name);
}

/** Leaves the row without saving. */
async function leave(page) {
	await page.evaluate(() => document.querySelector('dialog[open]')?.close());
	await act(page, 'Cancel');
	const discard = page.locator('dialog[open] button[value="discard"]');
	await Promise.race([page.waitForURL('**/tables/country*'), discard.click()]).catch(() => {});
	await page.waitForURL('**/tables/country*');
}

const scenes = {
	async signin({ stranger, shoot }) {
		await open(stranger, '/signin');
		await stranger.getByLabel('Name').waitFor();
		await shoot(stranger);
		await press(stranger, 'Sign in');
		await shoot(stranger, '-refused');
	},

	async tables({ editor, admin, shoot }) {
		await open(editor, '/tables');
		await editor.locator('tbody tr').first().waitFor();
		await shoot(editor);
		await open(admin, '/tables');
		await admin.locator('tbody tr').first().waitFor();
		await shoot(admin, '-admin');
	},

	async settings({ admin, shoot }) {
		await open(admin, '/tables');
		await press(admin, 'Settings: Subdivision');
		await dialog(admin);
		await shoot(admin);
		await close(admin);
	},

	async list({ editor, other, admin, shoot }) {
		await edit(other, 'AO');
		await list(editor);
		const lock = editor.locator('tr[data-key="AO"] lock-holder button');
		await lock.waitFor();
		await shoot(editor);
		await lock.focus();
		await editor.keyboard.press('Shift+Tab');
		await editor.keyboard.press('Tab');
		await shoot(editor, '-tip');
		await list(admin);
		await admin.locator('tr[data-key="AO"] lock-holder button').click();
		await dialog(admin);
		await shoot(admin, '-unlock');
		await close(admin);
		await leave(other);
		await list(editor, '?q=nothing+like+this');
		await shoot(editor, '-empty');
	},

	async edit({ editor, shoot }) {
		await edit(editor, 'AQ');
		await shoot(editor);
		await editor.locator('value-field[data-column="official_name"] .null-press').click();
		await field(editor, 'name').fill('The white continent');
		await shoot(editor, '-changed');
		await act(editor, 'Cancel');
		await dialog(editor);
		await shoot(editor, '-leave');
		await editor.locator('dialog[open] button[value="discard"]').click();
		await editor.waitForURL('**/tables/country*');
	},

	async saved({ editor, shoot }) {
		await edit(editor, 'BF');
		const name = await field(editor, 'name').inputValue();
		await field(editor, 'name').fill(`${name}, for a moment`);
		await act(editor, 'Save and keep editing');
		await editor.getByText(`${name}, for a moment is saved.`).last().waitFor();
		await shoot(editor);
		await field(editor, 'name').fill(name);
		await press(editor, /^Save$/);
		await editor.waitForURL('**/tables/country*');
	},

	async children({ editor, other, shoot }) {
		await edit(other, 'BE');
		await open(editor, '/tables/subdivision?filter={"country":"BE"}');
		await editor.locator('tbody tr').first().waitFor();
		await shoot(editor, '-list');
		await editor.locator('tbody a').first().click();
		await editor.locator('.notes').getByText('Belgium is currently').waitFor();
		await shoot(editor, '-locked');
		await leave(other);
	},

	async draft({ editor, shoot }) {
		await open(editor, '/tables/proposal/1');
		await editor.locator('.notes').getByText('Recovered draft').waitFor();
		await shoot(editor);
	},

	async paper({ editor, shoot }) {
		await editor.emulateMedia({ media: 'print' });
		await list(editor);
		await shoot(editor, '-list');
		await edit(editor, 'BG');
		await shoot(editor, '-edit');
		await editor.emulateMedia({ media: 'screen' });
		await leave(editor);
	},

	async choice({ editor, shoot }) {
		await open(editor, '/tables/subdivision/AD-02');
		await tone(editor, 'mine');
		await editor.getByRole('combobox').click();
		await editor.getByRole('option').first().waitFor();
		await editor.keyboard.press('ArrowDown');
		await shoot(editor);
		await close(editor);
	},

	async columns({ editor, shoot }) {
		await open(editor, '/tables/proposal');
		await editor.locator('tbody tr').first().waitFor();
		await editor.locator('summary').filter({ hasText: 'Columns' }).click();
		await shoot(editor);
		await editor.locator('summary').filter({ hasText: 'Filter' }).click();
		await shoot(editor, '-filter');
	},

	async new({ editor, shoot }) {
		await open(editor, '/new/country');
		await editor.locator('value-field').first().waitFor();
		await press(editor, /^Save$/);
		await shoot(editor);
	},

	async locked({ editor, other, admin, shoot }) {
		await edit(other, 'AR');
		await open(editor, '/tables/country/AR');
		await tone(editor, 'theirs');
		await shoot(editor);
		await press(editor, 'Request editing…');
		await dialog(editor);
		await shoot(editor, '-ask');
		await press(editor, /^Request editing$/);
		await other.locator('.notes').getByText('requests this row').waitFor();
		await shoot(other, '-asked');
		await open(admin, '/tables/country/AR');
		await tone(admin, 'theirs');
		await press(admin, 'Take over…');
		await dialog(admin);
		await shoot(admin, '-take-over');
		await close(admin);
		await press(other, 'Hand over');
		await tone(editor, 'mine');
		await shoot(editor, '-turn');
		await leave(editor);
	},

	async lost({ editor, admin, shoot }) {
		await edit(editor, 'AT');
		await field(editor, 'name').fill('The Republic of Austria, mine');
		await open(admin, '/tables/country/AT');
		await tone(admin, 'theirs');
		await press(admin, 'Take over…');
		await admin.getByLabel('Reason').fill('goes to print tonight');
		await press(admin, /^Take over$/);
		await tone(editor, 'bad');
		await editor.locator('.lock-banner').getByText('goes to print tonight').waitFor();
		await shoot(editor);
		await press(editor, 'Compare and copy');
		await dialog(editor);
		await shoot(editor, '-compare');
		await leave(editor);
		await leave(admin);
	},

	async elsewhere({ editor, shoot }) {
		const second = await editor.context().newPage();
		await edit(editor, 'AU');
		await open(second, '/tables/country/AU');
		await tone(second, 'theirs');
		await shoot(second);
		await second.close();
		await leave(editor);
	},

	// With the page's clock put forward, and renewals not answered.
	async time({ editor, shoot }) {
		const page = await editor.context().newPage();
		await page.clock.install();
		await edit(page, 'AZ');
		await page.waitForLoadState('networkidle');
		await page.route('**/lock', (route) => route.request().method() === 'PUT' || route.continue()); // no answer
		await page.clock.fastForward('01:01');
		await tone(page, 'warn');
		await shoot(page, '-warned');
		await page.clock.fastForward('01:01');
		await tone(page, 'expired');
		await shoot(page, '-expired');
		await page.close();
	},

	async locks({ editor, admin, shoot }) {
		await edit(editor, 'BB');
		await open(admin, '/locks');
		const choose = admin.getByRole('checkbox', { name: /Barbados/ });
		await choose.waitFor();
		await shoot(admin);
		await choose.check();
		await press(admin, 'Remove lock…');
		await dialog(admin);
		await shoot(admin, '-break');
		await close(admin);
		await press(admin, 'Select all');
		await press(admin, /^Remove \d+ locks…$/);
		await dialog(admin);
		await shoot(admin, '-break-all');
		await close(admin);
		await leave(editor);
	},

	async drafts({ editor, shoot }) {
		await open(editor, '/drafts');
		await editor.locator('tbody tr').first().waitFor();
		await shoot(editor);
	},

	async history({ admin, shoot }) {
		await open(admin, '/history');
		await admin.locator('tbody tr').first().waitFor();
		await shoot(admin);
	},

	async overview({ admin, shoot }) {
		await open(admin, '/overview');
		await admin.locator('tbody tr').first().waitFor();
		await shoot(admin);
	},

	async sessions({ editor, shoot }) {
		await open(editor, '/sessions');
		await editor.locator('tbody tr').first().waitFor();
		await shoot(editor);
	},

	async missing({ editor, shoot }) {
		await open(editor, '/tables/nothing_of_this_name');
		await editor.locator('.empty').waitFor();
		await shoot(editor);
	},

	// the last one, since it ends the session
	async 'signed-out'({ editor, shoot }) {
		await edit(editor, 'BB');
		await field(editor, 'name').fill('Barbados, once more');
		await editor.context().clearCookies();
		await editor.keyboard.press('Control+s');
		await editor.locator('.sign-in-panel').waitFor();
		await shoot(editor);
	},
};

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
mkdirSync(options.out, { recursive: true });
for (const theme of THEMES) for (const width of WIDTHS) await pictures(theme, width);
await browser.close();
process.exitCode = failed ? 1 : 0;
