// Drafts of several pages: which there are, and where they come from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allDrafts, byRow, draftId, originOf, originText } from '../../contrib_web/static/js/model/draft.js';
import * as Form from '../../contrib_web/static/js/model/form.js';
import { ago } from '../../contrib_web/static/js/model/text.js';

const HERE = { machine: 'm1', tab: 'tab-1' };

test('the origin of a draft: this tab, this computer, another one, or not known', () => {
	assert.equal(originOf(draftId('m1', 'tab-1', 'v'), HERE), 'tab');
	assert.equal(originOf(draftId('m1', 'tab-2', 'v'), HERE), 'computer');
	assert.equal(originOf(draftId('m2', 'tab-2', 'v'), HERE), 'elsewhere');
	assert.equal(originOf(draftId(null, 'tab-2', 'v'), HERE), null, 'a browser without storage');
	assert.equal(originOf(draftId('m2', 'tab-2', 'v'), { ...HERE, machine: null }), null);
	for (const foreign of [null, '', 'tab-1', 'job:import']) assert.equal(originText(foreign, HERE), '', String(foreign));
});

test('the drafts of this computer and of the server are one list, the latest first', () => {
	const here = [{ id: 'a', data: 'later', savedAt: 3000 }, { id: 'b', data: 'only here', savedAt: 1000 }];
	const server = [
		{ client: 'a', data: 'earlier', saved_at: '1970-01-01T00:00:09Z' },
		{ client: 'c', data: 'only there', saved_at: '1970-01-01T00:00:02Z' },
		{ client: null, data: 'of another program', saved_at: '1970-01-01T00:00:00Z' },
	];
	const all = allDrafts(here, server, (iso) => Date.parse(iso));
	assert.deepEqual(all.map(({ id, data, isHere, isOnServer }) => [id, data, isHere, isOnServer]), [
		['a', 'later', true, true],
		['c', 'only there', false, true],
		['b', 'only here', true, false],
		['', 'of another program', false, true],
	]);
});

test('a draft of a new row, whose columns were never read', () => {
	const draft = Form.draftOf(Form.set(Form.set(Form.create(), 'a', 'typed'), 'b', null));
	const isKnown = (name) => ['a', 'b'].includes(name);
	const form = Form.create();
	assert.equal(Form.draftDiffers(form, draft), false, 'of an existing row, there are no such columns');
	assert.equal(Form.draftDiffers(form, draft, isKnown), true);
	const restored = Form.applyDraft(form, { ...draft, values: { ...draft.values, gone: 'x' } }, isKnown);
	assert.deepEqual(restored.form.mine, { a: 'typed', b: null });
	assert.deepEqual(restored.conflicts, []);
});

test('several drafts of a row, and drafts of new rows', () => {
	const drafts = [['t', '1', 'a'], ['t', null, 'b'], ['t', '1', 'c'], ['u', '1', 'd'], ['t', null, 'e']].map(([table, key, id]) => ({ table, key, id }));
	assert.deepEqual(byRow(drafts).map((row) => row.map(({ id }) => id).join('')), ['ac', 'b', 'd', 'e']);
});

test('ages', () => {
	for (const [seconds, words] of [[-5, 'just now'], [59, 'just now'], [60, '1 minute ago'], [200, '3 minutes ago'], [7200, '2 hours ago'], [86400 * 3, '3 days ago']])
		assert.equal(ago(seconds), words);
});
