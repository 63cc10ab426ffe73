/**
 * What of a form is kept as a draft on the server. Values that it does not
 * keep are left out, so that it keeps the others.
 */
import { t } from '../../lang/texts.js';
import { unstorable } from '../../model/column.js';
import { draftOf } from '../../model/form.js';
import { reasonOf } from '../../model/problem.js';

/** The draft of one edit page. */
export class DraftContent {
	#edited;
	#tooLong = new Map();
	#refusal = null;
	#isKeptHere;
	#isAbandoned = false;

	/**
	 * @param {import('./edited-row.js').EditedRow} edited
	 * @param {() => boolean} isKeptHere whether the form is kept on this
	 *   computer
	 */
	constructor(edited, isKeptHere) {
		this.#edited = edited;
		this.#isKeptHere = isKeptHere;
	}

	/**
	 * The draft to send.
	 * @returns {object|null|undefined} null: there is nothing to keep;
	 *   undefined: nothing that the server keeps
	 */
	data() {
		const { form, row } = this.#edited;
		if (this.#isAbandoned) return undefined;
		if (!Object.keys(form.kept).length) return null;
		const draft = draftOf(form, (name) => this.#whyNot(name) === null);
		return Object.keys(draft.values).length ? { ...draft, label: row?.label ?? null } : undefined;
	}

	/**
	 * From now on there is nothing to keep.
	 * @returns {void}
	 */
	abandon() {
		this.#isAbandoned = true;
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
		else this.#refusal = t('unkept.because', { why: reasonOf({ status, problem }) });
		return longest !== null;
	}

	/** Why changed values are not kept on the server, by column. */
	get unkept() {
		const reasons = this.#names.map((name) => [name, this.#whyNot(name) ?? this.#refusal]).filter(([, words]) => words !== null);
		const rest = t(this.#isKeptHere() ? 'unkept.here_only' : 'unkept.save_it');
		return Object.fromEntries(reasons.map(([name, words]) => [name, `${words} ${rest}`]));
	}

	get #names() {
		return Object.keys(this.#edited.form.kept);
	}

	#whyNot(name) {
		const value = this.#edited.form.kept[name];
		if (typeof value !== 'string') return null;
		if (value.length >= (this.#tooLong.get(name) ?? Infinity)) return t('unkept.too_long');
		const reason = unstorable(value);
		return reason && `${t('unkept.not_kept')} ${reason}.`;
	}

	#longest() {
		const { kept } = this.#edited.form;
		const lengths = this.#names.filter((name) => this.#whyNot(name) === null).map((name) => ({ name, length: kept[name]?.length ?? 0 }));
		return lengths.sort((a, b) => b.length - a.length)[0] ?? null;
	}
}

// The limits of locking-web, of locking.max_draft_size, and of jsonb.
const isTooLong = (status, problem) => status === 413 || /^(22023|54)/.test(problem.sqlstate ?? '');
