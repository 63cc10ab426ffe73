/**
 * Somebody with a browser: what he does to the pages, and what goes wrong in them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE = 20_000;
/** What can be seen: all but what is only said to screen readers. */
const SHOWN = '#app, dialog, #toasts';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Person {
	/** What went wrong unasked, in words. */
	troubles = [];
	#expected = [];
	#expectedWords = [];
	#answers = new WeakSet();

	/**
	 * @param {import('playwright-core').Browser} browser
	 * @param {import('./site.mjs').Site} site
	 * @param {string|null} role whom to sign in as; null: nobody
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

	/** Leaves the browser for good. */
	leave() { return this.context.close(); }

	/** Signs in without the form. */
	async signInQuietly() {
		const answer = await this.context.request.post(`${this.site.address}/api/v1/session`, { data: { role: this.role, password: `${this.role}-password` } });
		assert.equal(answer.status(), 201, `${this.role} signs in`);
	}

	/** Opens a page of the site in the current tab. */
	open(path) { return this.page.goto(this.site.address + path); }

	/** Another tab of the same browser: the same person, with a page of his own. */
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

	/** Waits for the state of the edit page's lock: quiet, mine, theirs, warn, bad. */
	seesLock(tone) { return this.page.locator(`.lock-bar[data-tone="${tone}"]`).waitFor(); }

	/** Waits for who holds a row of a list: none, mine, theirs. */
	seesRow(key, lock) { return this.page.locator(`tr[data-key=${JSON.stringify(key)}][data-lock="${lock}"]`).waitFor(); }

	row(key) { return this.page.locator(`tr[data-key=${JSON.stringify(key)}]`); }
	field(column) { return this.page.locator(`value-field[data-column=${JSON.stringify(column)}]`); }
	input(column) { return this.field(column).locator('input, textarea, select').first(); }
	value(column) { return this.input(column).inputValue(); }
	button(name) { return this.page.getByRole('button', { name, exact: true }); }
	dialog() { return this.page.getByRole('dialog').or(this.page.getByRole('alertdialog')); }

	/** Waits until the page's address is this. */
	arrives(path) { return this.page.waitForURL(this.site.address + path); }

	/* Doing */

	async press(name, { within } = {}) {
		await (within ?? this.page.locator('body')).getByRole('button', { name, exact: true }).click();
	}

	/** Chooses in the dialog that is open, and waits until it is gone. */
	async answers(choice) {
		await this.dialog().getByRole('button', { name: choice, exact: true }).click();
		await this.dialog().waitFor({ state: 'detached' });
	}

	/** Opens a row for editing and waits for its lock. */
	async edits(table, key) {
		await this.open(`/tables/${encodeURIComponent(table)}/${encodeURIComponent(key)}`);
		await this.seesLock('mine');
	}

	/** The browser dies: no page of it gets to say good-bye. */
	async crash() {
		const gone = this.page.waitForEvent('crash');
		const devtools = await this.context.newCDPSession(this.page);
		devtools.send('Page.crash').catch(() => {});
		await gone;
	}

	/* What goes wrong */

	/**
	 * Announces what the test provokes: answers with this status whose path fits, once or more;
	 * status 0: requests without an answer.
	 */
	expects(status, path = /./) { this.#expected.push({ status, path }); }

	/** Announces what the console will say because of what the test provokes. @param {RegExp} words */
	expectsWords(words) { this.#expectedWords.push(words); }

	/** Looks for barriers with axe. @returns {Promise<string[]>} those of impact serious or critical */
	async barriers() {
		await this.page.evaluate(AXE);
		const violations = await this.page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ['violations'] })).violations
			.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`) })));
		return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, impact, where }) => `${impact} ${id}: ${where.join('; ')}`);
	}

	/** How many pixels the page is wider than the window. */
	overhang() { return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth); }

	#watch(page) {
		page.on('pageerror', (error) => this.#trouble(`error in the page: ${error.stack ?? error}`));
		page.on('console', (message) => this.#said(message));
		page.on('response', (response) => this.#answered(response));
		page.on('requestfailed', (request) => this.#unanswered(request));
	}

	#trouble(words) { this.troubles.push(`${this.role}: ${words}`); }

	// What the console says of answers that are no success is told by the answers themselves.
	#said(message) {
		if (!['error', 'warning'].includes(message.type()) || message.text().startsWith('Failed to load resource')) return;
		if (this.#expectedWords.some((words) => words.test(message.text()))) return;
		this.#trouble(`console ${message.type()}: ${message.text()}`);
	}

	#answered(response) {
		const { pathname } = new URL(response.url());
		this.#answers.add(response.request());
		if (response.status() >= 400 && !this.#isExpected(response.status(), pathname)) this.#trouble(`${response.request().method()} ${pathname} was answered by ${response.status()}`);
	}

	// A page that is left gives up what it was reading; what outlives it (beacons, releases) and
	// answers without content are reported as given up, too.
	#unanswered(request) {
		const { pathname } = new URL(request.url());
		const why = request.failure()?.errorText;
		const outlives = request.resourceType() === 'ping' || (request.method() === 'DELETE' && pathname.endsWith('/lock'));
		const isGivenUp = request.method() === 'GET' || outlives || this.#answers.has(request);
		if (why === 'net::ERR_ABORTED' && isGivenUp) return;
		if (!this.#isExpected(0, pathname)) this.#trouble(`${request.method()} ${pathname} failed: ${why}`);
	}

	#isExpected(status, pathname) { return this.#expected.some((each) => each.status === status && each.path.test(pathname)); }
}

/**
 * Repeats until it does not throw any more.
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
