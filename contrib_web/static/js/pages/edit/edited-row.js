/**
 * The data of an edit page: the table, the row as last read, and the form's
 * content.
 */
import { t } from '../../lang/texts.js';
import { Problem, rowPath, tablePath } from '../../client/api.js';
import { NOTHING } from '../../client/once.js';
import { labelOf, tableLabel, validationError } from '../../model/column.js';
import * as Form from '../../model/form.js';
import { own } from '../../model/own.js';
import { several } from '../../model/text.js';

/** The data of one edit page. Methods that change it do not draw. */
export class EditedRow {
	#api;
	/** The table as the API describes it; null until loaded. */
	table = null;
	/** The row as the API returns it; null: not loaded, or a new row. */
	row = null;
	/** The form's content, see model/form.js. */
	form = Form.create();
	/** Columns that both the user and others have changed. */
	conflicts = [];
	/** What these contained before, by column, as far as it is known. */
	#before = new Map();

	/**
	 * @param {import('../../client/api.js').Api} api
	 * @param {string} tableName as in the page's address
	 * @param {string|null} key null: a new row
	 */
	constructor(api, tableName, key) {
		this.#api = api;
		this.tableName = tableName;
		this.key = key;
	}

	/** Whether the row is to be inserted. */
	get isNew() {
		return this.key === null;
	}
	/** Whether the form has unsaved changes. */
	get isDirty() {
		return Form.isDirty(this.form);
	}
	/** The row's path below /api/v1. */
	get path() {
		return rowPath(this.tableName, this.key);
	}
	/** The table's path below /api/v1. */
	get tablePath() {
		return tablePath(this.tableName);
	}
	/** The document's title. */
	get title() {
		return `${this.isNew ? t('rows.new') : (this.row?.label ?? this.key)} · ${tableLabel(this.table?.name ?? this.tableName)}`;
	}

	/** The parent row's lock if another user holds it; otherwise null. */
	get parentHolder() {
		const lock = this.row?.parent_lock;
		return lock && !lock.is_mine ? lock : null;
	}

	/** The label of the parent row. */
	get parentLabel() {
		const { table, key } = this.row.parent_lock;
		const parent = Object.values(this.row.references).find((each) => each.table === table && each.key === key);
		return parent?.label ?? key;
	}

	/** The key in the API's spelling, which the address may not have. */
	get known() {
		return { table: this.table.table, key: this.key };
	}

	/**
	 * Reads table and row.
	 * @param {string} [prefill] values of a new row by column, as JSON
	 * @returns {Promise<number>} when the request was sent, by
	 *   performance.now()
	 * @throws {import('../../client/api.js').Problem}
	 */
	async load(prefill = '{}') {
		const [table, row] = await Promise.all([
			this.#api.get(this.tablePath),
			this.isNew ? null : this.#api.get(this.path),
		]);
		this.table = table.data;
		this.row = row?.data ?? null;
		this.key = this.row?.key ?? null;
		this.form = Form.create(this.row?.values ?? {});
		if (this.isNew) this.#prefill(prefill);
		return (row ?? table).sentAt;
	}

	#prefill(prefill) {
		try {
			for (const [name, value] of Object.entries(JSON.parse(prefill))) this.set(name, value);
		} catch {
			// The address was not made by these pages.
		}
	}

	/**
	 * Reads the row again, without changing anything here.
	 * @returns {Promise<object>} the row as the API returns it
	 * @throws {import('../../client/api.js').Problem}
	 */
	async read() {
		return (await this.#api.get(this.path)).data;
	}

	/**
	 * Reads the row, before a write of it is sent again, which must not
	 * replace what others have written since. If nobody else can write the
	 * row, the lock's token tells the server itself.
	 * @param {Object<string, string|null>} sent by column; of a deletion: the
	 *   row
	 * @param {any} data the draft of the form that was sent; null: none
	 * @returns {Promise<string|null|undefined>} see sendOnce()
	 * @throws {import('../../client/api.js').Problem} it is not known
	 */
	async lookBeforeRepeating(sent, data) {
		const { hard, guarded, columns } = this.table.protection ?? {};
		if (hard && guarded && !columns) return undefined;
		try {
			const { values, version } = await this.read();
			return Form.mayRepeat(Form.create(values), sent, data) ? `"${version}"` : null;
		} catch (error) {
			if (error instanceof Problem && [403, 404].includes(error.status)) return NOTHING;
			throw error;
		}
	}

	/**
	 * Reads again whether the table is protected.
	 * @returns {Promise<boolean>} as far as it is known
	 */
	async readProtection() {
		try {
			const { data } = await this.#api.get(this.tablePath);
			this.table = { ...data, columns: this.table.columns };
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
		}
		return this.table.protection !== null;
	}

	/**
	 * Sets a value of the form.
	 * @param {string} name of the column
	 * @param {string|null|undefined} value
	 * @returns {void}
	 */
	set(name, value) {
		this.form = Form.set(this.form, name, value);
		this.conflicts = this.conflicts.filter((each) => Object.hasOwn(this.form.mine, each));
	}

	/**
	 * Notes that what is entered in a field is no value. A draft keeps it if
	 * it would be reported again where it is restored.
	 * @param {string} name of the column
	 * @param {string|null|undefined} entered
	 * @returns {void}
	 */
	setUnread(name, entered) {
		const column = this.table.columns.find((each) => each.name === name);
		const isReadable = typeof entered === 'string' && validationError(column, entered) !== null;
		this.form = Form.setUnread(this.form, name, isReadable ? entered : null);
	}

	/**
	 * Sets a value back to the one in the row.
	 * @param {string} name of the column
	 * @returns {void}
	 */
	undo(name) {
		this.set(name, own(this.form.base, name));
	}

	/**
	 * Takes over a version of the row that was read again.
	 * @param {object} row as the API returns it
	 * @returns {{ changed: string[], conflicts: string[] }} see Form.rebase()
	 */
	rebase(row) {
		const { form, changed, conflicts } = Form.rebase(this.form, row.values);
		for (const name of conflicts) if (!this.conflicts.includes(name)) this.#before.set(name, own(this.form.base, name));
		this.row = row;
		this.form = form;
		this.conflicts = [...new Set([...this.conflicts, ...conflicts])].filter((name) => Object.hasOwn(form.mine, name));
		return { changed, conflicts };
	}

	/**
	 * The labels of columns, as a text: "Name and Official name".
	 * @param {readonly string[]} names of the columns
	 * @returns {string}
	 */
	labelsOf(names) {
		return several(this.table.columns.filter(({ name }) => names.includes(name)).map(labelOf));
	}

	/**
	 * The values of columns to compare, for parts/compare.js.
	 * @param {string[]} names of the columns
	 * @param {Object<string, string|null>} theirs the row's values by column
	 * @param {Object<string, string|null|undefined>} [mine] the user's values
	 *   by column; the form's by default
	 * @returns {import('../../parts/compare.js').ComparedColumn[]}
	 */
	compared(names, theirs, mine = this.form.mine) {
		const columns = this.table.columns.filter(({ name }) => names.includes(name));
		const before = (name) => (this.conflicts.includes(name) ? this.#before.get(name) : own(this.form.base, name));
		return columns.map((column) => {
			const { name, category } = column;
			const isText = category === 'text';
			return { name, label: labelOf(column), mine: own(mine, name), theirs: own(theirs, name) ?? null, base: before(name), isText };
		});
	}

	/**
	 * Takes over the user's choice of values, which resolves the conflicts.
	 * @param {Object<string, string|null|undefined>} values by column
	 * @param {object|null} row with which they were compared, if it was read
	 *   again
	 * @returns {void}
	 */
	decide(values, row) {
		if (row) this.rebase(row);
		for (const [name, value] of Object.entries(values)) this.set(name, value);
		this.conflicts = this.conflicts.filter((name) => !Object.hasOwn(values, name));
	}

	/**
	 * Takes over the row as it was saved.
	 * @param {object} reply the API's response
	 * @param {Form.Form} sent the form as it was sent
	 * @returns {void}
	 */
	saved({ values, label }, sent) {
		this.row = this.row && { ...this.row, values, label };
		this.form = Form.saved(this.form, sent, values);
		this.conflicts = [];
	}

	/**
	 * Puts a draft into the form.
	 * @param {any} data
	 * @param {(name: string) => boolean} isKnown whether there is such a
	 *   column
	 * @returns {void}
	 */
	applyDraft(data, isKnown) {
		const { form, conflicts } = Form.applyDraft(this.form, data, isKnown);
		this.form = form;
		this.conflicts = conflicts;
		this.#before = new Map();
	}

	/**
	 * Discards all changes.
	 * @returns {void}
	 */
	reset() {
		this.form = Form.create(this.row.values);
	}
}
