/**
 * A cluster of a test file that restarts PostgreSQL: other files share the
 * one of test/run.
 */
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DATA = ['../../demo/data.sql', '../data.sql'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const ACCESS = 'local all postgres,locking_web trust\nlocal all all scram-sha-256\n';

export class Cluster {
	#folder;

	/** From now on this process uses the cluster. */
	static async start() {
		const cluster = new Cluster();
		cluster.#folder = await mkdtemp(join(tmpdir(), 'cluster-'));
		process.env.PGHOST = cluster.#folder;
		await run('initdb', ['-D', cluster.#data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync']);
		await appendFile(join(cluster.#data, 'postgresql.conf'), cluster.#settings);
		await cluster.#control('start');
		await run('createdb', ['template_browser']);
		await run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', 'template_browser', ...DATA.flatMap((path) => ['-f', path])]);
		await writeFile(join(cluster.#data, 'pg_hba.conf'), ACCESS);
		await cluster.#control('reload');
		return cluster;
	}

	/** Ends PostgreSQL as a crash does, and starts it again. */
	crash() { return this.#control('restart', '-m', 'immediate'); }

	async stop() {
		await this.#control('stop', '-m', 'immediate');
		await rm(this.#folder, { recursive: true });
	}

	get #data() { return join(this.#folder, 'data'); }

	get #settings() {
		return `listen_addresses = ''\nunix_socket_directories = '${this.#folder}'\nport = ${process.env.PGPORT}\n`
			+ `fsync = off\nshared_preload_libraries = 'locking'\n`;
	}

	#control(...what) { return run('pg_ctl', ['-D', this.#data, '-l', join(this.#folder, 'log'), '-w', ...what]); }
}
