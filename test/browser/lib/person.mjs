/**
 * A user with a browser: actions on the pages, and errors in them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE = 40_000;
/** Visible content, without the announcements for screen readers. */
const SHOWN = '#app, dialog, #toasts';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Person {
	/** Failed requests (status, pathname), messages of the console (said)
	 * and other errors; each with words for a report. */
	#noticed = [];
	#expected = [];
	#expectedWords = [];
	#answers = new WeakSet();

	/**
	 * @param {import('playwright-core').Browser} browser
	 * @param {import('./site.mjs').Site} site
	 * @param {string|null} role to sign in as; null: not signed in
	 * @param {object} [options] of Playwright's browser.newContext()
	 */
	static async enter(browser, site, role, options = {}) {
		const person = new Person();
		person.role = role;
		person.site = site;
		person.context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', ...options });
		person.context.setDefaultTimeout(PATIENCE);
		await person.context.addInitScript(reportRefusedContent);
		person.context.on('page', (page) => person.#watch(page));
		if (role !== null) await person.signInQuietly();
		person.page = await person.context.newPage();
		return person;
	}

	/** Closes the browser. */
	leave() { return this.context.close(); }

	/** Signs in without the form. */
	async signInQuietly() {
		const answer = await this.context.request.post(`${this.site.address}/api/v1/session`, { data: { role: this.role, password: `${this.role}-password` } });
		assert.equal(answer.status(), 201, `${this.role} signs in`);
	}

	/** Opens a page of the site in the current tab. */
	open(path) { return this.page.goto(this.site.address + path); }

	/** What the page shows, for the report of a failure. */
	async shown() { return `${this.page.url()}\n${await this.page.locator('body').innerText({ timeout: 1000 })}`; }

	/** Opens another tab of the same browser. */
	async tab() {
		const other = Object.create(this);
		other.page = await this.context.newPage();
		return other;
	}

	/* Seeing */

	/** Waits until an element with the text is shown. */
	sees(text, { within = SHOWN } = {}) { return this.page.locator(within).getByText(text).filter({ visible: true }).first().waitFor(); }

	/** Waits until nothing with the text is shown. */
	seesNo(text, { within = SHOWN } = {}) {
		return eventually(async () => assert.equal(await this.page.locator(within).getByText(text).filter({ visible: true }).count(), 0, `"${text}" is still shown`));
	}

	/** Waits for the lock bar's tone, as in model/lock-view.js. */
	seesLock(tone) { return this.page.locator(`.lock-bar[data-tone="${tone}"]`).waitFor(); }

	/** Waits for the holder of a row in a list: none, mine, theirs. */
	seesRow(key, lock) { return this.page.locator(`tr[data-key=${JSON.stringify(key)}][data-lock="${lock}"]`).waitFor(); }

	row(key) { return this.page.locator(`tr[data-key=${JSON.stringify(key)}]`); }
	field(column) { return this.page.locator(`value-field[data-column=${JSON.stringify(column)}]`); }
	input(column) { return this.field(column).locator('input, textarea, select').first(); }
	value(column) { return this.input(column).inputValue(); }
	button(name) { return this.page.getByRole('button', { name, exact: true }); }
	dialog() { return this.page.getByRole('dialog').or(this.page.getByRole('alertdialog')); }

	/** Waits until the page has this address. */
	arrives(path) { return this.page.waitForURL(this.site.address + path); }

	/* Doing */

	async press(name, { within } = {}) {
		await (within ?? this.page.locator('body')).getByRole('button', { name, exact: true }).click();
	}

	/** Presses a button of the open dialog, and waits until it is closed. */
	async answers(choice) {
		await this.dialog().getByRole('button', { name: choice, exact: true }).click();
		await this.dialog().waitFor({ state: 'detached' });
	}

	/** Opens a row for editing and waits for its lock. */
	async edits(table, key) {
		await this.open(`/tables/${encodeURIComponent(table)}/${encodeURIComponent(key)}`);
		await this.seesLock('mine');
	}

	/** Crashes the page, without any of its events. */
	async crash() {
		const gone = this.page.waitForEvent('crash');
		const devtools = await this.context.newCDPSession(this.page);
		devtools.send('Page.crash').catch(() => {});
		await gone;
	}

	/* Errors */

	/**
	 * Unexpected errors so far, as text. A failure may be declared as
	 * expected after it was noticed: a page asks at times of its own.
	 * @returns {string[]}
	 */
	get troubles() { return this.#noticed.filter((each) => !this.#isExpected(each)).map(({ words }) => `${this.role}: ${words}`); }

	/**
	 * Declares expected responses with this status and a matching path, any
	 * number of them in this scene. Status 0: requests without a response.
	 */
	expects(status, path = /./) { this.#expected.push({ status, path }); }

	/**
	 * Declares that the server stops or starts again: it may be stopping when
	 * a request arrives, be gone, or no longer know the session.
	 */
	expectsStop() { for (const status of [503, 0, 401]) this.expects(status); }

	/**
	 * Declares expected messages of the console.
	 * @param {RegExp} words
	 */
	expectsWords(words) { this.#expectedWords.push(words); }

	/**
	 * Finds accessibility barriers with axe.
	 * @param {string[]|null} [rules] null: all of them
	 * @returns {Promise<string[]>} those of serious or critical impact
	 */
	async barriers(rules = null) {
		await this.page.evaluate(`if (!globalThis.axe) {\n${AXE}\n}`);
		const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
		const violations = await this.page.evaluate(async (given) => (await globalThis.axe.run(document, given)).violations
			.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`) })), options);
		return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, impact, where }) => `${impact} ${id}: ${where.join('; ')}`);
	}

	/** How many pixels the page is wider than the window. */
	overhang() { return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth); }

	#watch(page) {
		page.on('pageerror', (error) => this.#noticed.push({ words: `error in the page: ${error.stack ?? error}` }));
		page.on('console', (message) => this.#said(message));
		page.on('response', (response) => this.#answered(response));
		page.on('requestfailed', (request) => this.#unanswered(request));
	}

	// Failed responses are reported by #answered, so not from the console
	// too.
	#said(message) {
		if (!['error', 'warning'].includes(message.type()) || message.text().startsWith('Failed to load resource')) return;
		this.#noticed.push({ said: message.text(), words: `console ${message.type()}: ${message.text()}` });
	}

	#answered(response) {
		const { pathname } = new URL(response.url());
		this.#answers.add(response.request());
		const status = response.status();
		if (status === 404 && pathname.endsWith('/presence')) return; // after the end of the row
		if (status >= 400) this.#noticed.push({ status, pathname, words: `${response.request().method()} ${pathname} was answered by ${status}` });
	}

	// A page that is left aborts its reads, renewals, drafts and reports of
	// presence. Requests that outlive it (beacons, releases) and responses
	// without content are reported as aborted, too.
	#unanswered(request) {
		const { pathname } = new URL(request.url());
		const why = request.failure()?.errorText;
		const isGivenUp = request.method() === 'GET' || /\/(presence|draft|lock)$/.test(pathname) || request.resourceType() === 'ping' || this.#answers.has(request);
		if (why === 'net::ERR_ABORTED' && isGivenUp) return;
		this.#noticed.push({ status: 0, pathname, words: `${request.method()} ${pathname} failed: ${why}` });
	}

	#isExpected({ status, pathname, said }) {
		return this.#expected.some((each) => each.status === status && each.path.test(pathname)) || (said !== undefined && this.#expectedWords.some((words) => words.test(said)));
	}
}

/**
 * Repeats a function until it no longer throws.
 * @template T @param {() => Promise<T>} act @returns {Promise<T>}
 */
export async function eventually(act) {
	const end = performance.now() + PATIENCE;
	for (;;) {
		try {
			return await act();
		} catch (error) {
			if (performance.now() > end) throw error;
			await pause(50);
		}
	}
}

function reportRefusedContent() {
	globalThis.addEventListener?.('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => console.error(`content refused: ${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`));
}
