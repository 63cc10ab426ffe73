/**
 * Firefox in place of Chromium, for stage.mjs: driven by WebDriver BiDi,
 * which Playwright does not speak to an unchanged Firefox.
 */
import puppeteer from 'puppeteer-core';
import { eventually } from './person.mjs';

const PROGRAM = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const PREFERENCES = { 'ui.prefersReducedMotion': 1 };

export class FirefoxPerson {
	/** Unexpected errors, as text. */
	troubles = [];

	/**
	 * Opens a browser of its own storage, and signs in by the form.
	 * @param {import('puppeteer-core').Browser} browser
	 * @param {import('./site.mjs').Site} site
	 * @param {string|null} role null: not signed in
	 */
	static async enter(browser, site, role) {
		const person = new FirefoxPerson();
		person.role = role;
		person.site = site;
		person.context = await browser.createBrowserContext();
		person.page = await person.context.newPage({ type: 'window' }); // not hidden by another tab
		person.page.on('pageerror', (error) => person.troubles.push(`${role}: ${error.stack ?? error}`));
		if (role !== null) await person.signIn();
		return person;
	}

	leave() { return this.context.close(); }

	/** What the page shows, for the report of a failure. */
	async shown() { return `${this.page.url()}\n${await this.page.evaluate(() => document.body.innerText)}`; }

	/** Signs in, key by key. */
	async signIn() {
		await this.open('/signin');
		await this.find('input[name="role"]');
		await this.keys(this.role);
		await this.key('Tab');
		await this.keys(`${this.role}-password`);
		await this.key('Enter');
		await this.arrives('/tables');
	}

	open(path) { return this.page.goto(this.site.address + path); }

	/* Seeing */

	/** Waits for an element that is shown. */
	find(selector, text = null) {
		return eventually(async () => {
			const handle = await this.page.evaluateHandle(findShown, selector, text);
			const element = handle.asElement();
			if (!element) throw new Error(`${this.role} sees no ${selector} ${text ?? ''}`);
			return element;
		});
	}

	sees(text) { return this.find('#app, dialog, #toasts', text); }
	seesLock(tone) { return this.find(`.lock-bar[data-tone="${tone}"]`); }
	seesRow(key, lock) { return this.find(`tr[data-key="${key}"][data-lock="${lock}"]`); }
	seesNo(selector) { return this.until(async () => await this.count(selector) === 0, `no ${selector}`); }
	count(selector) { return this.page.evaluate((each) => document.querySelectorAll(each).length, selector); }
	arrives(path) { return this.until(() => this.page.url() === this.site.address + path, path); }
	input(column) { return this.find(`value-field[data-column="${column}"] :is(input, textarea, select)`); }
	async value(column) { return (await this.input(column)).evaluate(({ value }) => value); }

	until(isTrue, what) {
		return eventually(async () => {
			if (!await isTrue()) throw new Error(`${this.role} waits for ${what}`);
		});
	}

	/* Doing */

	/** A button may be drawn again before it is pressed. */
	press(name) { return eventually(async () => (await this.find('button', name)).click()); }
	key(name) { return this.page.keyboard.press(name); }
	keys(text) { return this.page.keyboard.type(text); }

	async chord(...names) {
		for (const name of names) await this.page.keyboard.down(name);
		for (const name of names.reverse()) await this.page.keyboard.up(name);
	}

	/** Replaces what a field contains, key by key. */
	async types(column, text) {
		await (await this.input(column)).focus();
		await this.chord('Control', 'a');
		await this.keys(text);
	}

	async edits(table, key) {
		await this.open(`/tables/${table}/${key}`);
		await this.seesLock('mine');
	}
}

export const firefox = {
	launch: () => puppeteer.launch({ browser: 'firefox', executablePath: PROGRAM, headless: true, extraPrefsFirefox: PREFERENCES }),
	enter: FirefoxPerson.enter,
};

/** Runs in the page. Buttons are found by their whole text or name. */
function findShown(selector, text) {
	const has = (element) => {
		if (text === null) return true;
		const name = element.ariaLabel ?? element.innerText.trim();
		return element.localName === 'button' ? name === text : element.innerText.includes(text);
	};
	return [...document.querySelectorAll(selector)].find((element) => element.checkVisibility({ visibilityProperty: true }) && has(element)) ?? null;
}
