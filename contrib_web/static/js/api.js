/**
 * The JSON API under /api/v1: one method per kind of request, errors as Problem.
 */

import { segment } from './model/route.js';

const TIMEOUT = 15000;

/** An answer that is no success. `status` 0: there was no answer. */
export class Problem extends Error {
	/**
	 * @param {number} status
	 * @param {object} problem the problem document, or {}
	 * @param {number} sentAt when the request was sent, by performance.now()
	 */
	constructor(status, problem, sentAt) {
		super(problem.detail ?? problem.title ?? `status ${status}`);
		this.status = status;
		this.problem = problem;
		this.sentAt = sentAt;
	}
}

export const tablePath = (table) => `/tables/${segment(table)}`;
export const rowPath = (table, key) => `${tablePath(table)}/rows/${segment(key)}`;

export class Api extends EventTarget {
	/** @param {string} base origin of locking-web; '' for these pages' own */
	constructor(base = '') {
		super();
		this.base = `${base}/api/v1`;
		this.csrf = null;
	}

	get(path, query) {
		return this.send('GET', path, { query });
	}
	post(path, body, options) {
		return this.send('POST', path, { ...options, body: body ?? {} });
	}
	put(path, body) {
		return this.send('PUT', path, { body });
	}
	delete(path, { body, keepalive } = {}) {
		return this.send('DELETE', path, { body, keepalive });
	}

	/**
	 * @returns {Promise<{ data: any, status: number, sentAt: number }>}
	 * @throws {Problem} also dispatches `signedout` on a 401
	 */
	async send(method, path, { query, body, keepalive = false, signal } = {}) {
		const sentAt = performance.now();
		const response = await this.#fetch(
			this.url(path, query),
			{
				method,
				body: body === undefined ? undefined : JSON.stringify(body),
				headers: this.#headers(method, body),
				credentials: 'include',
				cache: 'no-store',
				keepalive,
				signal: signal ?? AbortSignal.timeout(TIMEOUT),
			},
			sentAt,
		);
		const data = await readJson(response, sentAt);
		if (response.ok) return { data, status: response.status, sentAt };
		if (response.status === 401) this.dispatchEvent(new Event('signedout'));
		throw new Problem(response.status, data ?? {}, sentAt);
	}

	url(path, query = {}) {
		const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
		return `${this.base}${path}${given.length ? `?${new URLSearchParams(given)}` : ''}`;
	}

	/** For the end of a page: sent even if the page is gone, and never answered. */
	beacon(path, body) {
		return navigator.sendBeacon(this.url(path), JSON.stringify({ ...body, csrf: this.csrf }));
	}

	#headers(method, body) {
		const headers = { Accept: 'application/json' };
		if (body !== undefined) headers['Content-Type'] = 'application/json';
		if (method !== 'GET' && this.csrf) headers['X-CSRF-Token'] = this.csrf;
		return headers;
	}

	async #fetch(url, options, sentAt) {
		try {
			return await fetch(url, options);
		} catch {
			throw noAnswer(sentAt);
		}
	}
}

// An answer that breaks off is none: what was asked for may have been done or not.
async function readJson(response, sentAt) {
	if (!/json/.test(response.headers.get('Content-Type') ?? '')) return null;
	try {
		return await response.json();
	} catch {
		throw noAnswer(sentAt);
	}
}

const noAnswer = (sentAt) => new Problem(0, { title: 'No answer' }, sentAt);
