// Accessibility: axe on every page, no horizontal scrolling on a phone,
// keyboard use, screen readers, themes.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_access', {
	sql: `SELECT locking.protect('language', ttl => '4 s', warning => '1 s')`,
});
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const bertHoldsIceland = (site) => site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'IS', '1 hour', note => 'regions are being redrawn')`);

/** Every page and main state: how carla reaches it. */
const states = {
	'list of tables': async (carla) => {
		await carla.open('/tables');
		await carla.page.getByRole('link', { name: 'Country', exact: true }).waitFor();
	},
	'protection of a table': async (carla) => {
		await carla.open('/tables');
		await carla.press('Protect: Note');
		await carla.dialog().waitFor();
	},
	'change list': async (carla) => {
		await carla.open('/tables/country?q=ice');
		await carla.row('IS').waitFor();
	},
	'change list without results': async (carla) => {
		await carla.open('/tables/country?q=nothing%20like%20this');
		await carla.sees('Nothing found');
	},
	'question before a lock is removed': async (carla) => {
		await carla.open('/tables/country?q=iceland');
		await carla.press('Locked by Bert Brandt. Unlock?');
		await carla.dialog().waitFor();
	},
	'edit page': async (carla) => {
		await carla.edits('proposal', '2');
		await carla.input('title').fill('');
		await carla.field('title').getByRole('button', { name: /changed, undo/ }).waitFor();
	},
	'edit page with an invalid value': async (carla) => {
		await carla.edits('proposal', '1');
		await carla.input('votes').fill('many');
		await carla.page.keyboard.press('Control+s');
		await carla.sees('A whole number');
	},
	'choice of a row': async (carla) => {
		await carla.edits('proposal', '3');
		await carla.field('country').getByRole('combobox').click();
		await carla.field('country').getByRole('option').first().waitFor();
	},
	'locked by another': async (carla) => {
		await carla.open('/tables/country/IS');
		await carla.seesLock('theirs');
	},
	'question before a takeover': async (carla) => {
		await carla.open('/tables/country/IS');
		await carla.press('Take over…');
		await carla.dialog().waitFor();
	},
	'warning before the end': async (carla) => {
		await carla.edits('language', 'deu');
		await carla.seesLock('warn');
	},
	'lock lost, and the comparison': async (carla) => {
		carla.expects(409, /draft$/); // the lock ends while it is typed
		await carla.edits('country', 'GR');
		await carla.input('name').fill('Greece of Carla');
		await carla.site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'GR', 'in a hurry')`);
		await carla.seesLock('bad');
		await carla.press('Compare and copy');
		await carla.dialog().waitFor();
	},
	'question before leaving': async (carla) => {
		await carla.edits('country', 'GT');
		await carla.input('name').fill('Guatemala of Carla');
		await carla.page.getByRole('link', { name: 'Country', exact: true }).click();
		await carla.dialog().waitFor();
	},
	'new row': async (carla) => {
		await carla.open('/new/proposal');
		await carla.button('Save').waitFor();
	},
	'all locks, one chosen': async (carla) => {
		await carla.open('/locks');
		await carla.page.getByRole('checkbox', { name: /^Select Country Iceland/ }).check();
		await carla.sees('1 chosen');
	},
	history: async (carla) => {
		await carla.open('/history');
		await carla.page.locator('main tbody tr').first().waitFor();
	},
	sessions: async (carla) => {
		await carla.open('/sessions');
		await carla.sees('This session');
	},
	'an unknown address': async (carla) => {
		carla.expects(404, /no_such_table/);
		await carla.open('/tables/no_such_table');
		await carla.sees('Not found');
	},
	'signed out': async (carla) => {
		await carla.edits('country', 'HN');
		await carla.input('name').fill('Honduras of Carla');
		carla.expects(401);
		await carla.context.clearCookies();
		await carla.page.keyboard.press('Control+s');
		await carla.page.locator('.sign-in-panel').waitFor();
	},
};

async function signInPage(stranger) {
	stranger.expects(401, /session$/);
	await stranger.open('/signin');
	await stranger.page.getByLabel('Name').fill('anna');
	await stranger.press('Sign in');
	await stranger.sees('Sign-in failed');
}

const looks = { 'light, wide': { colorScheme: 'light' }, 'dark, phone': { colorScheme: 'dark', ...PHONE } };
for (const [look, options] of Object.entries(looks)) {
	scene(`no barriers and no overhang on the sign-in page (${look})`, async ({ invite }) => {
		const stranger = await invite(null, options);
		await signInPage(stranger);
		assert.deepEqual(await stranger.barriers(), []);
		assert.equal(await stranger.overhang(), 0);
	});
	scene(`no barriers and no overhang on all other pages (${look})`, async ({ site, invite }) => {
		const carla = await invite('carla', options);
		await bertHoldsIceland(site);
		// The browser's dialog before leaving.
		carla.page.on('dialog', (dialog) => dialog.accept());
		const found = {};
		for (const [name, reach] of Object.entries(states)) {
			await reach(carla);
			found[name] = { barriers: await carla.barriers(), overhang: await carla.overhang() };
		}
		assert.deepEqual(found, Object.fromEntries(Object.keys(states).map((name) => [name, { barriers: [], overhang: 0 }])));
	});
}

scene('from the list to a saved row, only by keyboard', async ({ site, invite }) => {
	const anna = await invite('anna');
	const keyboard = anna.page.keyboard;
	const focused = () => anna.page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim());
	/** Presses Tab until the element of this name has the focus. */
	const tabTo = async (name) => {
		for (let steps = 0; steps < 60; steps++) {
			if ((await focused()) === name) return;
			await keyboard.press('Tab');
		}
		assert.fail(`"${name}" is not reached with Tab`);
	};
	await anna.open('/tables/country');
	await anna.row('AD').waitFor();
	await keyboard.press('/');
	await keyboard.type('uruguay');
	await eventually(async () => assert.equal(await anna.page.locator('tbody tr').count(), 1));
	await tabTo('Uruguay');
	await keyboard.press('Enter');
	await anna.seesLock('mine');
	await eventually(async () => assert.match(await focused(), /^Uruguay/, 'the heading has the focus'));
	for (let steps = 0; !await anna.input('name').evaluate((element) => element === document.activeElement); steps++) {
		assert.ok(steps < 60, 'the field is reached with Tab');
		await keyboard.press('Tab');
	}
	await keyboard.press('End');
	await keyboard.type(' (Oriental)');
	await tabTo('Save');
	await keyboard.press('Enter');
	await anna.arrives('/tables/country?q=uruguay');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'UY'`), 'Uruguay (Oriental)');
});

scene('a dialog keeps the focus, Escape declines, and the focus returns', async ({ invite }) => {
	const carla = await invite('carla');
	await bertHoldsIceland(carla.site);
	await carla.open('/tables/country?q=iceland');
	const press = carla.button('Locked by Bert Brandt. Unlock?');
	await press.focus();
	await carla.page.keyboard.press('Enter');
	await carla.dialog().waitFor();
	for (let step = 0; step < 8; step++) {
		await carla.page.keyboard.press('Tab');
		assert.ok(await carla.page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null), 'nothing behind the dialog is reached');
	}
	await carla.page.keyboard.press('Escape');
	await carla.dialog().waitFor({ state: 'detached' });
	await carla.seesRow('IS', 'theirs');
	await eventually(async () => assert.ok(await press.evaluate((element) => element === document.activeElement)));
});

scene('changes are announced to screen readers', async ({ invite }) => {
	const [anna, bert, carla] = [await invite('anna'), await invite('bert'), await invite('carla')];
	const says = (person, region, words) => person.page.locator(`#${region}`).getByText(words).waitFor({ state: 'attached' });
	await bert.open('/tables/country?q=zambia');
	await bert.sees('Live');
	await anna.edits('country', 'ZM');
	await says(bert, 'polite', 'Zambia: locked by Anna Albers');
	await carla.open('/tables/country/ZM');
	await carla.press('Take over…');
	await carla.answers('Take over');
	await says(anna, 'urgent', 'has taken over this row');
});

scene('another user\'s lock is announced to screen readers', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'ZW');
	await bert.open('/tables/country/ZW');
	await bert.page.locator('#polite').getByText('This content is currently being edited by Anna Albers.').waitFor({ state: 'attached' });
});

for (const [wish, fades] of Object.entries({ 'no-preference': true, reduce: false })) {
	scene(`banners ${fades ? 'fade in' : 'appear at once with reduced motion'}`, async ({ site, invite }) => {
		await bertHoldsIceland(site);
		const anna = await invite('anna', { reducedMotion: wish });
		await anna.open('/tables/country/IS');
		const banner = anna.page.locator('.lock-says');
		await banner.waitFor();
		const [name, lasts] = await banner.evaluate((element) => [getComputedStyle(element).animationName, parseFloat(getComputedStyle(element).animationDuration)]);
		assert.equal(name !== 'none' && lasts > 0, fades);
	});
}

scene('the theme is chosen, kept, and applied before the first paint', async ({ invite }) => {
	const anna = await invite('anna', { colorScheme: 'light' });
	const background = () => anna.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	await anna.open('/tables');
	const light = await background();
	await anna.press('Theme: system');
	await anna.press('Theme: light');
	await anna.button('Theme: dark').waitFor();
	const dark = await background();
	assert.notEqual(dark, light);
	await anna.page.reload();
	await anna.button('Theme: dark').waitFor();
	assert.equal(await background(), dark);
	await anna.page.emulateMedia({ media: 'print' });
	assert.equal(await background(), light, 'paper is white');
});
