/**
 * A proxy between browser and site that can delay requests, answer in place
 * of the site, truncate responses, add headers, and serve the site below a
 * path. Unlike Playwright's interception it also covers shared workers.
 */
import { createServer, request as ask } from 'node:http';
import { Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/** Bytes that pass at once, if the rate is limited. */
const PIECE = 8192;

export class Wire {
	#server;
	#site;
	#headers;
	#prefix;
	#held = [];
	#broken = [];
	#page = null;
	#rate = Infinity;

	/**
	 * @param {import('./site.mjs').Site} site
	 * @param {Object<string, string>} [headers] added to every request
	 * @param {string} [prefix] of all addresses, which the site does not see
	 */
	static async lay(site, headers = {}, prefix = '') {
		const wire = new Wire();
		wire.#site = site;
		wire.#headers = headers;
		wire.#prefix = prefix;
		wire.#server = createServer((request, response) => wire.#pass(request, response));
		await new Promise((resolve) => { wire.#server.listen(0, '127.0.0.1', resolve); });
		wire.address = `http://127.0.0.1:${wire.#server.address().port}${prefix}`;
		return wire;
	}

	/**
	 * Delays requests with a matching path.
	 * @param {RegExp} path
	 * @returns {Function} lets them pass, and all later ones
	 */
	holdBack(path) {
		let letThrough;
		const hold = { path, until: new Promise((resolve) => { letThrough = resolve; }) };
		this.#held.push(hold);
		return () => {
			this.#held = this.#held.filter((each) => each !== hold);
			letThrough();
		};
	}

	/**
	 * Truncates the next response to such a request to half of its body.
	 * @param {string} method
	 * @param {RegExp} path
	 */
	breakOff(method, path) { this.#broken.push({ method, path }); }

	/**
	 * Answers requests with a matching path by a page of the proxy's own.
	 * @param {RegExp} path
	 * @param {number} status
	 * @returns {Function} ends that
	 */
	answer(path, status) {
		this.#page = { path, status };
		return () => { this.#page = null; };
	}

	/**
	 * From now on bodies of requests and responses pass at a limited rate.
	 * @param {number} rate bytes per second
	 */
	slowDown(rate) { this.#rate = rate; }

	remove() {
		this.#server.closeAllConnections();
		return new Promise((resolve) => { this.#server.close(resolve); });
	}

	async #pass(request, response) {
		await Promise.all(this.#held.filter(({ path }) => path.test(request.url)).map(({ until }) => until));
		const { method, url } = request;
		if (this.#page?.path.test(url)) {
			request.resume();
			return response.writeHead(this.#page.status, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><title>A proxy</title>');
		}
		if (!url.startsWith(this.#prefix)) return response.writeHead(404).end();
		const path = url.slice(this.#prefix.length);
		// On a connection of its own: the site closes idle ones, perhaps just
		// as they are used.
		const onward = ask(this.#site.address + path, { method, headers: { ...request.headers, ...this.#headers }, agent: false });
		onward.on('response', (answer) => this.#answer(request, answer, response));
		onward.on('error', () => response.destroy());
		response.on('close', () => onward.destroy());
		return request.pipe(this.#slow()).pipe(onward);
	}

	#slow() {
		const rate = this.#rate;
		return new Transform({
			async transform(chunk, encoding, done) {
				for (let at = 0; at < chunk.length; at += PIECE) {
					const piece = chunk.subarray(at, at + PIECE);
					if (rate < Infinity) await pause((piece.length / rate) * 1000);
					this.push(piece);
				}
				done();
			},
		});
	}

	#answer({ method, url }, answer, response) {
		response.writeHead(answer.statusCode, answer.headers);
		const breaks = this.#broken.findIndex((each) => each.method === method && each.path.test(url));
		if (breaks < 0) {
			answer.pipe(this.#slow()).pipe(response);
			answer.on('error', () => response.destroy());
			return;
		}
		this.#broken.splice(breaks, 1);
		// Not a reset, after which browsers repeat the request.
		if (answer.statusCode === 204) response.socket.end();
		answer.once('data', (chunk) => response.write(chunk.subarray(0, chunk.length / 2), () => response.socket.end()));
	}
}
