// Two people work on the same rows in random steps, while connections, pages,
// sessions and servers come and go. Then every text saved is one person's and
// has replaced nothing that this person had not read, and every text not
// saved is offered to the person who typed it. Stories, in which several
// steps have to follow each other, come between the random steps.
//
//   LOCKING_STEPS  number of steps (default: 150; LOCKING_SOAK=1: 1000)
//   LOCKING_SEED   the random choices of an earlier run
import assert from 'node:assert/strict';
import { Editor, versionOf } from './lib/editor.mjs';
import { eventually } from './lib/person.mjs';
import { pick, randomNumbers } from './lib/random.mjs';
import { stage } from './lib/stage.mjs';

const { LOCKING_SOAK, LOCKING_STEPS, LOCKING_SEED } = process.env;
const STEPS = Number(LOCKING_STEPS ?? (LOCKING_SOAK ? 1000 : 150));
const SEED = Number(LOCKING_SEED ?? Math.floor(Math.random() * 1e6));
const KEYS = ['1', '2'];

const SQL = `
	CREATE TABLE paper (id integer PRIMARY KEY, title text, body text);
	INSERT INTO paper SELECT n, 'title ' || n, 'body ' || n FROM generate_series(1, ${KEYS.length}) n;
	CREATE TABLE version (n serial, key integer, owner text, before jsonb, after jsonb);
	CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$BEGIN
		INSERT INTO version (key, owner, before, after) VALUES (NEW.id, session_user, to_jsonb(OLD), to_jsonb(NEW));
		RETURN NULL;
	END$$;
	CREATE TRIGGER remember AFTER UPDATE ON paper FOR EACH ROW EXECUTE FUNCTION remember();
	GRANT SELECT, UPDATE ON paper TO anna, bert;
	GRANT EXECUTE ON FUNCTION locking.take_over(regclass, text, text, interval, boolean, text, text) TO anna, bert;
	SELECT locking.protect('paper', ttl => '9 s', warning => '6 s')`;

const scene = stage('browser_two_people', { sql: SQL, ownCluster: true, timeout: 60_000 + STEPS * 4000 });

/** What happens to servers and locks, by the chance of each in a round. */
const EVENTS = [
	[0.015, 'locking-web is restarted', async (site) => {
		await site.stopServer();
		await site.restartServer();
	}],
	[0.01, 'locking-web is killed', async (site) => {
		await site.killServer();
		await site.restartServer();
	}],
	[0.01, 'PostgreSQL crashes', (site, cluster) => cluster.crash()],
	[0.03, 'an administrator ends all locks', (site) => site.sql(`SELECT locking.break_lock(relation, key, 'random') FROM locking.locks`)],
];

/**
 * Steps of the two people, the first and the second, on one row.
 */
const STORIES = {
	'taken over, and left': ['1 hold', '1 type', '2 enter', '2 takeOver', '2 type', '1 close', '2 keep'],
	'waited, and changed what the other had saved': ['1 hold', '2 enter', '1 type', '1 save', '2 begin', '2 type', '2 keep'],
	'asked for, saved and handed over': ['1 hold', '2 enter', '2 ask', '1 type', '1 saveAndHandOver', '2 type', '2 keep'],
	'saved offline, after another had it': ['1 hold', '1 type', '1 offline', '1 keep', '2 enter', '2 takeOver', '2 type', '2 save', '1 online', '1 type'],
};
/** Rounds of random steps between two stories. */
const ROUNDS = 6;

function event(random) {
	let chance = random();
	return EVENTS.find(([each]) => (chance -= each) < 0) ?? [0, '', () => {}];
}

async function round({ site, cluster }, editors, random) {
	const [, name, happens] = event(random);
	const [did] = await Promise.all([Promise.all(editors.map((editor) => editor.step())), happens(site, cluster)]);
	return [name, ...did].filter(Boolean).join(' | ');
}

/** Tells each story once, in random order, before it begins anew. */
class Stories {
	#random;
	#left = [];

	constructor(random) { this.#random = random; }

	/** Who takes which steps on which row of the next story. */
	next(editors) {
		if (!this.#left.length) this.#left = Object.keys(STORIES);
		const [title] = this.#left.splice(Math.floor(this.#random() * this.#left.length), 1);
		const key = pick(this.#random, KEYS);
		const [first, second] = this.#random() < 0.5 ? editors : [...editors].reverse();
		return { title, key, steps: STORIES[title].map((step) => [step.startsWith('1') ? first : second, step.slice(2)]) };
	}
}

async function tell({ title, key, steps }) {
	const did = [];
	for (const [editor, name] of steps) did.push(await editor.play(name, key));
	return `(${title}) ${did.join(' | ')}`;
}

/** Errors that follow from what happens here. */
function expectTrouble(person) {
	for (const status of [0, 401, 403, 409, 423, 502, 503]) person.expects(status);
	person.expectsWords(/./);
}

const versions = async (site) => JSON.parse(await site.sql(`SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY n), '[]') FROM version v`));

function checkSaved({ n, owner, before, after }, editors) {
	const editor = editors.find((each) => each.owner === owner);
	for (const column of ['title', 'body']) {
		const isOwn = after[column] === before[column] || editor.typed.some((text) => text.startsWith(after[column]));
		assert.ok(isOwn, `version ${n}: ${owner} has saved the own text, not ${after[column]}`);
	}
	assert.ok(editor.read.has(versionOf(before)), `version ${n}: ${owner} had read ${versionOf(before)}, and replaced it by ${versionOf(after)}`);
}

// Also the first keys of a text, after which the form was closed
const isTextOf = ({ owner }, text) => String(text).startsWith(owner) || owner.startsWith(text);

/** Every text that is owed is saved by its author, or offered to that one. */
async function checkOwed(site, editor, key) {
	await eventually(async () => {
		const offered = (await editor.offered(key)).flat();
		const saved = (await versions(site)).filter(({ owner }) => owner === editor.owner).flatMap(({ after }) => [after.title, after.body]);
		const missing = [...editor.owed[key]].filter((text) => !offered.includes(text) && !saved.includes(text));
		assert.deepEqual(missing, [], `lost texts of ${editor.owner} in row ${key}; offered: ${offered}`);
		assert.deepEqual(offered.filter((text) => !isTextOf(editor, text)), [], `texts of others, offered to ${editor.owner}`);
	});
}

scene(`${STEPS} random steps of two people, seed ${SEED}`, async ({ site, cluster, invite }) => {
	const random = randomNumbers(SEED);
	const people = [await invite('anna'), await invite('bert')];
	people.forEach(expectTrouble);
	const editors = people.map((person) => new Editor(person, { table: 'paper', keys: KEYS, random: randomNumbers(pick(random, [...Array(1e6).keys()])) }));
	for (const editor of editors) await editor.watch();
	const log = [];
	const stories = new Stories(random);
	let taken = 0;
	const note = (steps, words) => {
		log.push(`${taken}: ${words}`);
		taken += steps;
	};
	try {
		while (taken < STEPS) {
			for (let rounds = 0; rounds < ROUNDS; rounds++) note(editors.length, await round({ site, cluster }, editors, random));
			const story = stories.next(editors);
			note(story.steps.length, await tell(story));
		}
		for (const editor of editors) await editor.rest();
		for (const editor of editors) for (const key of KEYS) await checkOwed(site, editor, key);
		for (const editor of editors) assert.deepEqual(await editor.missingOnServer(), [], `drafts of ${editor.owner} that the server had`);
		for (const version of await versions(site)) checkSaved(version, editors);
		assert.ok(STEPS < 100 || (await versions(site)).length > 0, 'something was saved');
	} catch (error) {
		const story = `\nLOCKING_SEED=${SEED} LOCKING_STEPS=${STEPS}\n${log.join('\n')}`;
		error.stack += story; // printed by one reporter,
		error.message += story; // and this by another
		throw error;
	}
});
