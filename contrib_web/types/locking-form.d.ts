/** Types of locking-form.js. doc/locking-js.md describes it. */
import type { RowLock, RowLockEvents } from './locking.js';

/**
 * Replaces texts of the notices, or adds a language. Keys are those of
 * static/js/lang/en.js; `one` and `other` are plural forms.
 */
export function setTexts(replacements: Record<string, string | Record<string, string>>): void;

/**
 * Removes the drafts of a user from this computer, who signs out of the
 * application. The server keeps its own.
 */
export function forgetDrafts(owner: string, base?: string): Promise<void>;

/** <locking-form>: locks a row while a form edits it. */
export class LockingForm extends HTMLElement {
	readonly lock: RowLock | null;
	/** The fencing token; null: no lock is held. */
	readonly token: string | null;
	readonly mayEdit: boolean;
	readonly form: HTMLFormElement | null;
	/** Whether the form has unsaved input. */
	readonly isDirty: boolean;
	/** Reports that the application has saved the form by a script. */
	saved(answer?: { released?: boolean }): void;
	/** Reports that the form has the row's values anew. */
	refreshed(): void;
	addEventListener<K extends keyof (HTMLElementEventMap & RowLockEvents)>(
		type: K, listener: (event: (HTMLElementEventMap & RowLockEvents)[K]) => void, options?: boolean | AddEventListenerOptions): void;
	addEventListener(
		type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

declare global {
	interface HTMLElementTagNameMap {
		'locking-form': LockingForm;
	}
}
