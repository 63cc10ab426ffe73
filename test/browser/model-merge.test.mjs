// Three-way comparison of texts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff } from '../../contrib_web/static/js/model/diff.js';
import { compareThree, compose, proposedSide } from '../../contrib_web/static/js/model/merge.js';

const kinds = (hunks) => hunks.filter(({ kind }) => kind !== 'same').map(({ kind, mine, theirs }) => [kind, mine, theirs]);

test('each difference tells who made it', () => {
	const hunks = compareThree(
		'The quick brown fox jumps.\nOver the lazy dog.\nTwice.\nEnd.\n',
		'The quick red fox jumps.\nOver the lazy cat.\nTwice.\nThe end.\n',
		'The quick brown fox leaps.\nOver the lazy cow.\nTwice.\nThe end.\n',
	);
	assert.deepEqual(kinds(hunks), [['mine', 'red', 'brown'], ['theirs', 'jumps', 'leaps'], ['conflict', 'cat', 'cow'], ['both', 'The end', 'The end']]);
	assert.equal(compose(hunks, proposedSide), 'The quick red fox leaps.\nOver the lazy cat.\nTwice.\nThe end.\n');
	assert.equal(hunks.find(({ kind }) => kind === 'conflict').base, 'dog');
});

test('changes that touch are one conflict; without the base every difference is one', () => {
	assert.deepEqual(kinds(compareThree('a b', 'a b c', 'a b d')), [['conflict', ' c', ' d']]);
	assert.equal(compareThree('a b c', 'a c', 'a x c').filter(({ kind }) => kind === 'conflict').length, 1);
	assert.deepEqual(kinds(compareThree(null, 'a b c', 'a x c')), [['conflict', 'b', 'x']]);
	assert.deepEqual(kinds(compareThree('a', 'a', 'a')), []);
});

test('the sides of random texts join to the texts', () => {
	let seed = 1;
	const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
	const WORDS = ['a', 'b', 'foo', ' ', '\n', '. ', 'é', '𝒳', '\r\n'];
	const text = (length) => Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]).join('');
	const edited = (before) => {
		const signs = [...before];
		for (let n = 0; n < 3; n++) signs.splice(Math.floor(random() * (signs.length + 1)), Math.floor(random() * 4), text(Math.floor(random() * 3)));
		return signs.join('');
	};
	for (let n = 0; n < 3000; n++) {
		const base = text(12);
		const [mine, theirs] = [edited(base), edited(base)];
		for (const known of [base, null]) {
			const hunks = compareThree(known, mine, theirs);
			assert.equal(compose(hunks, () => 'mine'), mine);
			assert.equal(compose(hunks, () => 'theirs'), theirs);
			if (known !== null) assert.equal(hunks.map((hunk) => hunk.base).join(''), base);
		}
	}
});

test('scattered changes in a long text are found one by one', () => {
	const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} of the text`);
	const change = (...numbers) => lines.map((line, i) => (numbers.includes(i) ? 'CHANGED' : line)).join('\n');
	const hunks = compareThree(lines.join('\n'), change(3, 2500, 4990), change(4, 2500, 4000));
	assert.deepEqual(kinds(hunks).map(([kind]) => kind), ['mine', 'theirs', 'both', 'theirs', 'mine']);
});

test('texts that have too much in common nowhere are replaced', () => {
	const [before, after] = ['a', 'b'].map((sign) => Array.from({ length: 9000 }, (_, i) => `${sign}${i}`).join(' '));
	assert.deepEqual(diff(before, after).map(({ kind }) => kind), ['gone', 'new']);
});
