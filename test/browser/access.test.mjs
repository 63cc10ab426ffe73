// Accessibility: keyboard use, screen readers, themes. The looks-* tests have
// every page and state.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_access');

const bertHoldsIceland = (site) => site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'IS', '1 hour', note => 'regions are being redrawn')`);

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
	const press = carla.button('Remove the lock of Bert Brandt');
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
	await bert.page.locator('#polite').getByText('This row is currently being edited by Anna Albers.').waitFor({ state: 'attached' });
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
