/**
 * An application in one file, from sign-in to a safe save: its edit page has
 * <locking-form>, and its save confirms the lock. It needs Node.js and psql:
 *
 *   createdb app && psql -d app -c 'CREATE EXTENSION locking' -f app.sql
 *   locking-web --dsn 'dbname=app user=locking_web' \
 *       --user-header X-Remote-User --name-header X-Remote-Name \
 *       --trusted-proxy 127.0.0.1
 *   PGDATABASE=app PGUSER=webapp LOCKING_WEB=http://127.0.0.1:8080 \
 *       node app.mjs
 *
 * The application signs its users in, and passes requests for /static/ and
 * /api/v1/ on to locking-web with the user's name: browsers see one site, and
 * nobody signs in twice. locking-web must listen where only the application
 * reaches it.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, request as ask } from 'node:http';

const LOCKING_WEB = new URL(process.env.LOCKING_WEB ?? 'http://127.0.0.1:8080');
const USERS = { anna: { name: 'Anna Albers', password: 'anna' }, bert: { name: 'Bert Brandt', password: 'bert' } };
const sessions = new Map();

/* The database. An application has a driver for this; psql needs none. */

/**
 * Runs a psql script with variables, which :'name' quotes as text.
 * @returns {Promise<string>} its output
 * @throws {Error & { sqlstate: string }}
 */
function sql(script, variables) {
	const settings = Object.entries({ ON_ERROR_STOP: 1, VERBOSITY: 'verbose', ...variables }).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
	return new Promise((resolve, reject) => {
		const psql = execFile('psql', ['-XqAt', ...settings, '-f', '-'], (error, out, messages) => {
			if (!error) return resolve(out.trim());
			const [, sqlstate, message] = /ERROR:\s+(\w{5}): (.*)/.exec(messages) ?? [null, '', messages];
			return reject(Object.assign(new Error(message), { sqlstate }));
		});
		psql.stdin.end(script);
	});
}

const articles = async () => JSON.parse(await sql(`SELECT coalesce(json_agg(a ORDER BY id), '[]') FROM article a;`, {}));

const article = async (id) => JSON.parse(await sql(`SELECT row_to_json(a) FROM (SELECT *, xmin AS version FROM article WHERE id = :'id'::integer) a;`, { id }) || 'null');

/**
 * Saves, and releases the lock, in one transaction. After confirm() nobody
 * else can write the row until the end. The version is that of the row when
 * the page was made: the page locks the row a moment later.
 */
const SAVE = `
BEGIN;
SELECT FROM locking.set_owner(:'user', :'user_name');
SELECT FROM locking.confirm(:'token'::bigint);
WITH saved AS (
	UPDATE article SET title = :'title', body = :'body'
	WHERE id = :'id'::integer AND xmin::text = :'version'
	RETURNING id)
SELECT count(*) = 1 AS is_saved FROM saved \\gset
\\if :is_saved
	SELECT FROM locking.discard_draft('article', :'id');
	SELECT FROM locking.release(:'token'::bigint);
	COMMIT;
\\else
	ROLLBACK;
\\endif
\\echo :is_saved
`;

/** @returns {Promise<string>} why nothing was saved; '': it was */
async function save(id, user, { title = '', body = '', version = '', locking_token: token = '' }) {
	if (!/^\d+$/.test(token)) return 'The page did not lock the article.';
	try {
		const isSaved = await sql(SAVE, { id, user, user_name: USERS[user].name, title, body, version, token });
		return isSaved === 't' ? '' : 'Another user has saved the article since you opened it.';
	} catch (error) {
		if (error.sqlstate === 'LK001') return 'Your lock was lost.'; // nothing was written
		throw error;
	}
}

/* Pages */

const text = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (title, content) => `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(title)}</title>
<link rel="icon" href="data:,">
<style>
	body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
	label, input, textarea { display: block; width: 100%; box-sizing: border-box; font: inherit; }
	label { margin-block: 0 1rem; }
</style>
<h1>${text(title)}</h1>
${content}`;

const signInPage = (note) => page('Sign in', `<p>${text(note)}</p>
<form method="post" action="/signin">
	<label>Name <input name="user" autocomplete="username"></label>
	<label>Password <input name="password" type="password" autocomplete="current-password"></label>
	<button>Sign in</button>
</form>`);

const listPage = async () => page('Articles',
	`<ul>${(await articles()).map(({ id, title }) => `<li><a href="/articles/${id}">${text(title)}</a>`).join('')}</ul>`);

/**
 * What was typed is shown again if it was not saved. Without the script the
 * form stays inert.
 */
const editPage = ({ id, title, body, version }, { note = '', typed = {} } = {}) => page(`Article ${id}`, `<p role="status">${text(note)}</p>
<script type="module" src="/static/locking-form.js" onerror="document.querySelector('[role=status]').textContent = 'This page cannot lock the article. Load it again.'"></script>
<locking-form table="article" key="${id}" inert>
	<form method="post" action="/articles/${id}">
		<input type="hidden" name="version" value="${text(version)}">
		<label>Title <input name="title" value="${text(typed.title ?? title)}"></label>
		<label>Text <textarea name="body" rows="8">
${text(typed.body ?? body)}</textarea></label>
		<button>Save</button> <a href="/">Cancel</a>
	</form>
</locking-form>`);

/* Requests */

const userOf = (request) => sessions.get(/(?:^|; )app_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]);

async function formOf(request) {
	let body = '';
	for await (const part of request.setEncoding('utf8')) if ((body += part).length > 1e6) throw new Error('too long');
	return Object.fromEntries(new URLSearchParams(body));
}

function show(response, html, status = 200) {
	response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(html);
}

const goTo = (response, address, headers = {}) => response.writeHead(303, { Location: address, ...headers }).end();

async function signIn(request, response) {
	const { user, password } = await formOf(request);
	if (!Object.hasOwn(USERS, user) || USERS[user].password !== password) return show(response, signInPage('Wrong name or password.'), 401);
	const id = randomBytes(24).toString('base64url');
	sessions.set(id, user);
	return goTo(response, '/', { 'Set-Cookie': `app_session=${id}; Path=/; HttpOnly; SameSite=Strict` });
}

async function edit(request, response, id, user) {
	const row = await article(id);
	if (!row) return show(response, page('Not found', ''), 404);
	if (request.method !== 'POST') return show(response, editPage(row));
	const typed = await formOf(request);
	const note = await save(id, user, typed);
	return note ? show(response, editPage(row, { note, typed }), 409) : goTo(response, '/');
}

// Headers with these names are the application's word, so not the client's.
function passOn(request, response, user) {
	const headers = { ...request.headers, 'x-remote-user': user, 'x-remote-name': USERS[user]?.name };
	if (!user) delete headers['x-remote-user'];
	if (!user) delete headers['x-remote-name'];
	const onward = ask(new URL(request.url, LOCKING_WEB), { method: request.method, headers }, (answer) => {
		response.writeHead(answer.statusCode, answer.headers);
		answer.pipe(response);
	});
	onward.on('error', () => response.destroy());
	response.on('close', () => onward.destroy());
	request.pipe(onward);
}

async function answer(request, response) {
	const { pathname } = new URL(request.url, 'http://app');
	const user = userOf(request);
	const [, id] = /^\/articles\/(\d{1,9})$/.exec(pathname) ?? [];
	if (/^\/(static|api\/v1)\//.test(pathname)) return void passOn(request, response, user);
	if (pathname === '/signin' && request.method === 'POST') return signIn(request, response);
	if (!user) return show(response, signInPage(''));
	if (pathname === '/signin') return goTo(response, '/');
	if (id) return edit(request, response, id, user);
	return pathname === '/' ? show(response, await listPage()) : show(response, page('Not found', ''), 404);
}

const server = createServer((request, response) => answer(request, response).catch((error) => {
	console.error(error);
	if (response.headersSent) response.destroy();
	else show(response, page('Something went wrong', ''), 500);
}));
server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}/`));
