/**
 * Where the browser tests play: scenes on a site, with people who each have a browser of
 * their own. Whatever goes wrong in a page (errors, refused content, failed requests) and was
 * not announced by the test makes its scene fail.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Person } from './person.mjs';
import { Site } from './site.mjs';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** For a scene that hangs; none is timed. */
const LONGEST = 120_000;

// What a browser asks the net for by itself has no place in a test.
const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// Pages that are left are kept for going back, as in everybody's browser.
export const launch = () => chromium.launch({ executablePath: PROGRAM, args: QUIET, ignoreDefaultArgs: ['--disable-back-forward-cache'] });

/**
 * Prepares browser and site for the scenes of one file.
 * @param {string} name of the file's database
 * @param {object} [setting]
 * @param {string} [setting.sql] run before the server starts
 * @param {string[]} [setting.options] of locking-web
 * @returns {(name: string, act: (stage: { site: Site, invite: Function }) => Promise<void>) => void}
 *   declares a scene; `invite(role, options)` brings somebody, signed in
 */
export function stage(name, { sql, options } = {}) {
	const set = {};
	before(async () => {
		set.site = await Site.start(name, options);
		if (sql) await set.site.sql(sql);
		set.browser = await launch();
	});
	after(async () => {
		await set.browser?.close();
		await set.site?.stop();
	});
	return (title, act) => test(title, { timeout: LONGEST }, () => play(set, act));
}

async function play({ site, browser }, act) {
	const people = [];
	const invite = async (role, options) => {
		const person = await Person.enter(browser, site, role, options);
		people.push(person);
		return person;
	};
	try {
		await act({ site, browser, invite });
		assert.deepEqual(people.flatMap(({ troubles }) => troubles), [], 'nothing went wrong unasked');
	} catch (error) {
		const seen = (await Promise.all(people.map(whereabouts))).join('\n');
		error.stack += `\n${seen}`; // what one reporter prints,
		error.message += `\n${seen}`; // and another
		throw error;
	} finally {
		await Promise.all(people.map((person) => person.leave()));
		await site.endLocks();
	}
}

// For whoever reads of the failure: what each of them had before his eyes.
async function whereabouts(person) {
	const text = await person.page.locator('body').innerText({ timeout: 1000 }).catch(() => '(no page)');
	return `--- ${person.role} at ${person.page.url()}\n${text}\n${person.troubles.join('\n')}`;
}
