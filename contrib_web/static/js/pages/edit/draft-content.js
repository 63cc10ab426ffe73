/**
 * What of a form is kept as a draft. Values that the server does not keep are
 * left out, so that it keeps the others.
 */
import { unstorable } from '../../model/column.js';
import { draftOf } from '../../model/form.js';

const TOO_LONG = 'Too long to be kept as a draft. Save it to keep it.';

/** The draft of one edit page. */
export class DraftContent {
	#edited;
	#tooLong = new Map();
	#refusal = null;

	/** @param {import('./edited-row.js').EditedRow} edited */
	constructor(edited) {
		this.#edited = edited;
	}

	/**
	 * The draft to send.
	 * @returns {object|null} null: nothing can be kept
	 */
	data() {
		const draft = draftOf(this.#edited.form, (name) => this.#whyNot(name) === null);
		return Object.keys(draft.values).length ? draft : null;
	}

	/**
	 * Notes that the server keeps the draft.
	 * @returns {void}
	 */
	kept() {
		this.#refusal = null;
	}

	/**
	 * Notes that the server refuses the draft. If it is too long, its longest
	 * value is left out from now on.
	 * @param {{ status: number, problem: object }} refusal
	 * @returns {boolean} whether the draft is now another one
	 */
	refused({ status, problem }) {
		const longest = isTooLong(status, problem) ? this.#longest() : null;
		if (longest) this.#tooLong.set(longest.name, longest.length);
		else this.#refusal = `Not kept as a draft: ${problem.detail ?? problem.title ?? `status ${status}`}.`;
		return longest !== null;
	}

	/** Why changed values are not kept, by column. */
	get unkept() {
		const reasons = this.#names.map((name) => [name, this.#whyNot(name) ?? this.#refusal]);
		return Object.fromEntries(reasons.filter(([, words]) => words !== null));
	}

	get #names() {
		return Object.keys(this.#edited.form.mine);
	}

	#whyNot(name) {
		const value = this.#edited.form.mine[name];
		if (typeof value !== 'string') return null;
		if (value.length >= (this.#tooLong.get(name) ?? Infinity)) return TOO_LONG;
		const reason = unstorable(value);
		return reason && `Not kept as a draft. ${reason}.`;
	}

	#longest() {
		const { mine } = this.#edited.form;
		const lengths = this.#names.filter((name) => this.#whyNot(name) === null).map((name) => ({ name, length: mine[name]?.length ?? 0 }));
		return lengths.sort((a, b) => b.length - a.length)[0] ?? null;
	}
}

// The limits of locking-web, of locking.max_draft_size, and of jsonb.
const isTooLong = (status, problem) => status === 413 || /^(22023|54)/.test(problem.sqlstate ?? '');
