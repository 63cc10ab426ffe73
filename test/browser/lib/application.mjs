/**
 * Another site's application, whose edit page has a <locking-form>.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after } from 'node:test';

const SCRIPTS = new URL('../../../contrib_web', import.meta.url).pathname;

/**
 * The edit page.
 * @param {object} parts of it; src: origin of the scripts; name and body: as
 *   the row has them; inside, outside: more controls of the form
 * @returns {string}
 */
export const page = ({ src, base, table = 'country', key, attributes = '', name = 'Old name', body = 'Old text', inside = '', outside = '' }) => `<!DOCTYPE html>
<html lang="en">
<title>Another site's edit page</title>
<link rel="icon" href="data:,">
<script type="module" src="${src}/static/locking-form.js"></script>
<locking-form table="${table}" key="${key}" ${base ? `base="${base}"` : ''} ${attributes}>
	<form id="edit" method="post" action="/save">
		<label>Name <input name="name" value="${name}"></label>
		<label>Text <textarea name="body">${body}</textarea></label>
		<label>Kind <select name="kind"><option>a<option>b</select></label>
		<label>Shown <input type="checkbox" name="shown"></label>
		<label>Fixed <input name="fixed" value="fixed" readonly></label>
		<label>Off <input name="off" value="off" disabled></label>
		${inside}
		<button>Save</button>
	</form>
</locking-form>
${outside}
<script>
	globalThis.heard = [];
	for (const type of ['signedout', 'othersite', 'wrongorigin', 'refused', 'unanswered', 'unprotected', 'reread'])
		document.querySelector('locking-form').addEventListener(type, () => globalThis.heard.push(type));
</script>`;

/**
 * An application: its page, a copy of the scripts, what it was sent. `row`
 * returns more parts of the page, `save` saves and may return another page.
 * @param {string} [name] of its host
 */
export async function application(name = '127.0.0.1') {
	const app = { sent: [] };
	const server = createServer(async (request, response) => {
		const url = new URL(request.url, 'http://a');
		if (request.method === 'POST') {
			const body = await new Promise((resolve) => {
				let text = '';
				request.on('data', (part) => { text += part; }).on('end', () => resolve(text));
			});
			app.sent.push(Object.fromEntries(new URLSearchParams(body)));
			const answer = await app.save?.(app.sent.at(-1));
			response.setHeader('Content-Type', 'text/html').end(answer || '<title>Saved</title><p id="app">saved');
		} else if (url.pathname.startsWith('/static/')) {
			response.setHeader('Content-Type', 'text/javascript').end(await readFile(SCRIPTS + url.pathname));
		} else response.setHeader('Content-Type', 'text/html').end(page({ ...Object.fromEntries(url.searchParams), ...await app.row?.(url.searchParams.get('key')) }));
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	after(() => {
		server.closeAllConnections();
		server.close();
	});
	app.address = `http://${name}:${server.address().port}`;
	return app;
}
