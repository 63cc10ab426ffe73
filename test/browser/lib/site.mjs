/**
 * The site of a test file: a database made from template_browser (test/run)
 * and a locking-web that serves it. PGHOST, PGPORT and PGUSER name the
 * cluster, LOCKING_WEB the program.
 */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

// Each scene signs the same users in again, from one address.
const MANY_PEOPLE = ['--connections-per-address', '0', '--sessions-per-role', '1000'];

export class Site {
	#server = null;

	/**
	 * @param {string} name of the database
	 * @param {string[]} [options] of locking-web
	 */
	static async start(name, options = []) {
		const site = new Site();
		site.database = name;
		site.options = options;
		await run('createdb', ['--template=template_browser', name]);
		await site.#serve('127.0.0.1:0', options);
		return site;
	}

	async stop() {
		await this.stopServer();
		await run('dropdb', ['--force', this.database]);
	}

	/** Stops the server with SIGTERM. */
	async stopServer() {
		const server = this.#server;
		if (!server || server.exitCode !== null) return;
		const ended = new Promise((resolve) => server.once('exit', resolve));
		server.kill('SIGTERM');
		await ended;
	}

	/** Ends the server with SIGKILL. */
	async killServer() {
		const ended = new Promise((resolve) => this.#server.once('exit', resolve));
		this.#server.kill('SIGKILL');
		await ended;
	}

	/** Starts the server again at the same address. */
	restartServer() {
		return this.#serve(new URL(this.address).host, this.options);
	}

	// The server prints its address once it listens.
	async #serve(listen, options) {
		const { PGHOST, PGPORT, LOCKING_WEB } = process.env;
		const dsn = `host=${PGHOST} port=${PGPORT} dbname=${this.database} user=locking_web`;
		const server = spawn(LOCKING_WEB, ['--listen', listen, '--dsn', dsn, ...MANY_PEOPLE, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
		this.#server = server;
		server.stderr.resume();
		this.address = await new Promise((resolve, reject) => {
			server.once('exit', (code) => reject(new Error(`locking-web ended with ${code}`)));
			createInterface(server.stdout).on('line', (line) => {
				const [, address] = /^listening on (\S+)\/$/.exec(line) ?? [];
				if (address) resolve(address);
			});
		});
	}

	/** Ends all locks: a browser that is closed may not release its own. */
	endLocks() {
		return this.sql(`SELECT locking.break_lock(relation, key, 'end of the scene') FROM locking.locks`);
	}

	/**
	 * Runs SQL as the cluster's owner, with locks not enforced, and none of
	 * those that it ends handed over.
	 * @param {string} text
	 * @returns {Promise<string>} the values, with columns separated by |
	 */
	async sql(text) {
		const { stdout } = await run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', this.database,
			'-c', 'SET locking.enforce = off', '-c', 'SET locking.hand_over_time = 0', '-c', text]);
		return stdout.trim();
	}
}
