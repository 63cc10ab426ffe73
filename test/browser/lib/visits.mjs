/**
 * Scenes that visit states of pages and look at each: one for the whole
 * table, since most of the time of a short scene goes into its browser.
 */
import assert from 'node:assert/strict';
import { t } from '../../../contrib_web/static/js/lang/texts.js';
import { faultsOf } from './looks.mjs';
import { stage } from './stage.mjs';
import { faultsOfTours, TOURS } from './tour.mjs';

const TIMEOUT = 1_800_000;

const { LOCKING_SOAK, STATES } = process.env;

/** Every state in every look only in long runs: that takes minutes. */
const sample = (all, every) => all.filter((_, index) => LOCKING_SOAK || STATES || index % every === 0);

// The first, and one of the others in turn.
function looksAt(looks, index) {
	const [first, ...others] = Object.entries(looks);
	return LOCKING_SOAK || STATES ? looks : Object.fromEntries([first, others[index % others.length]]);
}

// One of them in turn.
function tourOf(index) {
	const tours = Object.entries(TOURS);
	return LOCKING_SOAK || STATES ? TOURS : Object.fromEntries([tours[index % tours.length]]);
}

async function freshTab(person) {
	await person.page.close();
	await person.context.setOffline(false);
	person.page = await person.context.newPage();
}

/**
 * Declares the scene of a test file.
 * @param {string} name of the database
 * @param {object} options
 * @param {string} options.sql
 * @param {string[]} options.options of locking-web
 * @param {Object<string, Function>} options.states see states.mjs
 * @param {Object<string, import('./looks.mjs').Look>} options.looks
 * @param {number} [options.every] only one of so many states, unless the run
 *   is a long one (LOCKING_SOAK=1) or of chosen states (STATES, a pattern)
 * @param {boolean} [options.keyboard] whether to go through each by keyboard
 * @param {object} [options.browser] options of Playwright's newContext()
 * @param {(person: import('./person.mjs').Person) => Promise<void>}
 *   [options.prepare] prepares each browser
 */
export function visits(name, { sql, options, states, looks, every = 1, keyboard = true, browser = {}, prepare = async () => {} }) {
	const scene = stage(name, { sql, options, timeout: TIMEOUT });
	const chosen = sample(Object.keys(states).filter((state) => new RegExp(STATES ?? '').test(state)), every);
	scene(`${chosen.length} states without a fault`, async ({ site, invite: inviteAnyone }) => {
		const invite = async (role, more) => {
			const person = await inviteAnyone(role, { ...browser, ...more });
			person.context.on('dialog', (dialog) => dialog.accept()); // before leaving
			await prepare(person);
			return person;
		};
		const carla = await invite('carla');
		const found = {};
		for (const [index, state] of chosen.entries()) {
			const guests = [];
			const inviteGuest = async (...given) => guests[guests.push(await invite(...given)) - 1];
			found[state] = await visit(state, [looksAt(looks, index), keyboard ? tourOf(index) : {}], { site, carla, invite: inviteGuest, t });
			await freshTab(carla);
			await Promise.all(guests.map((guest) => guest.leave()));
			await site.endLocks();
		}
		const faults = Object.entries(found).flatMap(([state, all]) => all.map((fault) => `${state}: ${fault}`));
		assert.equal(faults.join('\n'), '');
	});

	async function visit(state, [chosenLooks, tours], cast) {
		try {
			const person = await states[state](cast) ?? cast.carla;
			return [...await faultsOf(person, state, chosenLooks), ...await faultsOfTours(person, tours)];
		} catch (error) {
			return [`is not reached: ${error.message.split('\n').slice(0, 3).join(' ')}`];
		}
	}
}
