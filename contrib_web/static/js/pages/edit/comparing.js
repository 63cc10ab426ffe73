/**
 * Comparison of the user's text with the row as it is in the database, and
 * merging of others' changes.
 */
import { compare } from '../../parts/compare.js';
import { button } from '../../ui/widgets.js';

/**
 * Events:
 * - `change`: show the page again
 */
export class Comparing extends EventTarget {
	#edited;
	#notes;

	/**
	 * @param {object} options
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 */
	constructor({ edited, notes }) {
		super();
		this.#edited = edited;
		this.#notes = notes;
	}

	/**
	 * Reads the row again and merges it into the form.
	 * @returns {Promise<void>}
	 */
	async reread() {
		const edited = this.#edited;
		try {
			const { changed, conflicts } = edited.rebase(await edited.read());
			if (changed.length && !conflicts.length && edited.isDirty) this.#showChanged(changed);
			this.#changed();
			if (edited.conflicts.length) this.decide();
		} catch (error) {
			this.#notes.failed(error, { isDirty: edited.isDirty });
		}
	}

	#showChanged(names) {
		this.#notes.show('changed', 'info', {
			icon: 'info',
			title: `Others have changed ${names.join(', ')} in the meantime.`,
			text: 'The new values are in the form. What you typed is unchanged.',
		});
	}

	/**
	 * Shows the user's changes beside the row as it is now.
	 * @returns {Promise<void>}
	 */
	async compareNow() {
		const edited = this.#edited;
		const { values } = await edited.read().catch(() => edited.row);
		await compare({
			title: 'Your text and the row as it is now',
			text: 'Only the columns that you changed. Nothing is saved here.',
			columns: pairs(edited.form.mine, Object.keys(edited.form.mine), values),
			mayChoose: false,
		});
	}

	/**
	 * Lets the user choose a value for each column that others changed too.
	 * @returns {Promise<boolean>} whether the conflicts are resolved
	 */
	async decide() {
		const edited = this.#edited;
		const names = edited.conflicts;
		const sides = await compare({
			title: 'Others have changed the same columns',
			text: 'Choose a value for each column. Nothing is saved until you save.',
			columns: pairs(edited.form.mine, names, edited.form.base),
			mayChoose: true,
		});
		if (!sides) {
			this.#showUndecided(names);
			return false;
		}
		for (const [name, side] of Object.entries(sides)) if (side === 'theirs') edited.undo(name);
		edited.conflicts = [];
		this.#notes.remove('conflict');
		this.#changed();
		return true;
	}

	#showUndecided(names) {
		this.#notes.show('conflict', 'warn', {
			icon: 'warn',
			title: 'Others have changed the same columns.',
			text: `In ${names.join(', ')}. You will be asked again before you save.`,
			actions: [button('Compare', () => this.decide(), { kind: 'small' })],
		});
	}

	#changed() {
		this.dispatchEvent(new Event('change'));
	}
}

/**
 * The two values of each column, for parts/compare.js.
 * @param {Object<string, string|null>} mine by column
 * @param {string[]} names of the columns
 * @param {Object<string, string|null>} theirs by column
 * @returns {{ name: string, mine: string|null, theirs: string|null }[]}
 */
export const pairs = (mine, names, theirs) =>
	names.map((name) => ({ name, mine: mine[name] ?? null, theirs: theirs[name] ?? null }));
