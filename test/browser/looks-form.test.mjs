// <locking-form> in every state and look, on the page of an application.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { LOOKS } from './lib/looks.mjs';
import { visits } from './lib/visits.mjs';

const page = ({ base, key }) => `<!DOCTYPE html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>A page of an application</title>
<link rel="icon" href="data:,">
<style>:root { color-scheme: light dark; font-family: sans-serif } main { max-width: 40rem; margin: 1rem auto; padding: 0 1rem } input { max-width: 100% }</style>
<script type="module" src="${base}/static/locking-form.js"></script>
<main>
<h1>A page of an application</h1>
<locking-form table="country" key="${key}">
	<form method="post"><p><label>Name <input name="name" value="Old name"></label></p><button>Save</button></form>
</locking-form>
</main>`;

const server = createServer((request, response) => response.setHeader('Content-Type', 'text/html').end(page(Object.fromEntries(new URL(request.url, 'http://a').searchParams))));
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
after(() => {
	server.closeAllConnections();
	server.close();
});
const address = `http://127.0.0.1:${server.address().port}`;

const form = (person) => person.page.locator('locking-form');
const says = (person, words) => form(person).getByText(words).first().waitFor();
const press = (person, name) => form(person).getByRole('button', { name, exact: true }).click();
const visit = (person, key) => {
	for (const status of [401, 403, 409, 423]) person.expects(status);
	return person.page.goto(`${address}/?${new URLSearchParams({ base: person.site.address, key })}`);
};
const asBert = (site, sql) => site.sql(`SET SESSION AUTHORIZATION bert; ${sql}`);
const bertLocks = (site, key) => asBert(site, `SELECT locking.acquire('country', '${key}', '1 hour', note => 'regions are being redrawn, this takes until noon')`);
const opens = async (person, key, t) => {
	await visit(person, key);
	await says(person, t('form.mine'));
};

const states = {
	mine: ({ carla, t }) => opens(carla, 'AD', t),
	async 'mine, requested'({ site, carla, t }) {
		await opens(carla, 'AE', t);
		await asBert(site, `SELECT locking.request('country', 'AE', 'The flag is wrong, and there are two more things to be corrected as soon as it is possible')`);
		await says(carla, t('form.asks', { who: 'Bert Brandt' }));
	},
	async theirs({ site, carla, t }) {
		await bertLocks(site, 'AF');
		await visit(carla, 'AF');
		await says(carla, t('form.held', { who: 'Bert Brandt' }));
	},
	async 'theirs, a question'({ site, carla, t }) {
		await bertLocks(site, 'AG');
		await visit(carla, 'AG');
		await press(carla, t('action.ask_for_it'));
		await form(carla).getByRole('textbox', { name: t('field.message') }).waitFor();
		const fits = await form(carla).locator('.bar').evaluate((bar) => bar.offsetHeight <= bar.parentElement.offsetHeight);
		assert.ok(fits, 'the question fits into the room of a notice');
	},
	async 'theirs, requested'({ site, carla, t }) {
		await bertLocks(site, 'AI');
		await visit(carla, 'AI');
		await press(carla, t('action.ask_for_it'));
		await press(carla, t('action.ask'));
		await says(carla, t('form.next'));
	},
	async free({ site, carla, t }) {
		await bertLocks(site, 'AL');
		await visit(carla, 'AL');
		await says(carla, t('form.held', { who: 'Bert Brandt' }));
		await site.endLocks();
		await says(carla, t('form.free'));
	},
	async lost({ site, carla, t }) {
		await opens(carla, 'AM', t);
		await carla.page.locator('[name=name]').fill('New name');
		await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'AM', 'goes to print tonight', '1 hour')`);
		await says(carla, t('form.taken_over', { who: 'Bert Brandt' }));
	},
	async offline({ carla, t }) {
		await opens(carla, 'AU', t);
		carla.expects(0);
		await carla.page.route('**/lock', (route) => route.abort());
		await carla.page.evaluate(() => dispatchEvent(new Event('online'))); // renews
		await says(carla, t('problem.offline'));
	},
	async 'a draft'({ site, carla, t }) {
		await site.sql(`SET locking.owner = 'carla'; SELECT locking.save_draft_of('country', 'AO', '{"form": {"name": ["A draft"]}}')`);
		await visit(carla, 'AO');
		await says(carla, t('form.draft', { when: '\n' }).split('\n')[0]);
	},
	async 'in another tab'({ carla, t }) {
		await opens(carla, 'AQ', t);
		carla.page = await carla.context.newPage();
		await visit(carla, 'AQ');
		await says(carla, t('form.other_tab'));
	},
	async 'signed out'({ invite, t }) {
		const stranger = await invite(null);
		await visit(stranger, 'AR');
		await says(stranger, t('form.signed_out'));
		return stranger;
	},
	async 'no answer'({ carla, t }) {
		carla.expects(0);
		for (const path of ['/api/v1/session', '/healthz']) await carla.page.route(carla.site.address + path, (route) => route.abort());
		await visit(carla, 'AT');
		await says(carla, t('form.unanswered.text'));
	},
};

visits('browser_looks_form', {
	options: ['--allow-origin', address],
	states,
	looks: LOOKS,
});
