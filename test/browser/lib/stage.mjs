/**
 * Scenes of the browser tests: a site, and users who each have their own
 * browser. Unexpected errors in a page (exceptions, blocked content, failed
 * requests) make the scene fail.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Cluster } from './cluster.mjs';
import { Person } from './person.mjs';
import { Site } from './site.mjs';

/** Timeout of a scene that hangs, in milliseconds. */
const LONGEST = 300_000;

// Without the browser's own network requests.
const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// With the back/forward cache, where the program has one.
const start = (executablePath) => chromium.launch({ executablePath, args: QUIET, ignoreDefaultArgs: ['--disable-back-forward-cache'] });

/** Starts Chromium without the work for a window. */
export const launch = () => start('/usr/bin/chromium-headless-shell');
const HEADLESS = { launch, enter: Person.enter };
/** Chromium as users have it: with windows and the back/forward cache. */
export const WINDOWED = { launch: () => start('/usr/bin/chromium'), enter: Person.enter };

/**
 * Prepares browser and site for the scenes of one file.
 * @param {string} name of the file's database
 * @param {object} [setting]
 * @param {string} [setting.sql] run before the server starts
 * @param {string[]} [setting.options] of locking-web
 * @param {number} [setting.timeout] of a scene, in milliseconds
 * @param {object} [setting.engine] WINDOWED, or that of firefox.mjs
 * @param {boolean} [setting.ownCluster] for files that restart PostgreSQL
 * @returns {Function} declares a scene: (title, act), where act is given {
 *   site, browser, cluster, invite }; `invite(role, options)` returns a
 *   signed-in Person
 */
export function stage(name, { sql, options, timeout = LONGEST, engine = HEADLESS, ownCluster = false } = {}) {
	const set = { enter: engine.enter };
	before(async () => {
		if (ownCluster) set.cluster = await Cluster.start();
		set.site = await Site.start(name, options);
		if (sql) await set.site.sql(sql);
		set.browser = await engine.launch();
	});
	after(async () => {
		await set.browser?.close();
		await set.site?.stop();
		await set.cluster?.stop();
	});
	return (title, act) => test(title, { timeout }, () => play(set, act));
}

async function play({ site, browser, cluster, enter }, act) {
	const people = [];
	const invite = async (role, options) => {
		const person = await enter(browser, site, role, options);
		people.push(person);
		return person;
	};
	try {
		await act({ site, browser, cluster, invite });
		assert.deepEqual(people.flatMap(({ troubles }) => troubles), [], 'no unexpected errors');
	} catch (error) {
		const seen = (await Promise.all(people.map(whereabouts))).join('\n');
		error.stack += `\n${seen}`; // printed by one reporter,
		error.message += `\n${seen}`; // and this by another
		throw error;
	} finally {
		await Promise.all(people.map((person) => person.leave()));
		await site.endLocks();
	}
}

// What the page of a user shows, for the report of a failure.
async function whereabouts(person) {
	const shown = await person.shown().catch(() => '(no page)');
	return `--- ${person.role} at ${shown}\n${person.troubles.join('\n')}`;
}
