/** Types of locking.js. doc/locking-js.md describes it. */

/** A row's lock as the API returns it. */
export interface Lock {
	/** As SQL writes it. */
	table: string;
	key: string;
	owner: string;
	owner_name: string | null;
	/** Whether the owner is the session's. */
	is_mine: boolean;
	/** The owner's tab or device. */
	client: string | null;
	note: string | null;
	seconds_left: number;
	/** Of the session's own locks: a number of up to 19 digits. */
	token: string | null;
}

/** A request for the row. */
export interface RowRequest {
	owner: string;
	owner_name: string | null;
	message: string | null;
	/** ISO 8601. */
	requested_at: string;
	/** In the queue, from 1. */
	place: number;
	is_mine: boolean;
}

/** Another user who has the row open. */
export interface Person {
	owner: string;
	owner_name: string | null;
	/** The tab. */
	client: string;
	state: 'viewing' | 'typing' | 'idle';
	/** Beginning of the state, ISO 8601. */
	since: string;
	/** In which the person types. */
	field: string | null;
}

/** A problem document (RFC 9457). */
export interface ProblemDocument {
	type?: string;
	title?: string;
	status?: number;
	detail?: string;
	sqlstate?: string;
	[member: string]: unknown;
}

export type Phase =
	| 'idle' | 'acquiring' | 'held' | 'expired' | 'lost' | 'blocked' | 'elsewhere' | 'free' | 'refused' | 'left';

/** Why a page cannot lock at all; also the name of the event that says so. */
export type Fault = 'signedout' | 'othersite' | 'wrongorigin' | 'refused' | 'unanswered';

export interface Loss {
	readonly cause:
		| 'released' | 'handed_over' | 'given' | 'given_away' | 'expired' | 'broken' | 'taken_over' | 'moved' | 'ended';
	/** Who ended the lock, or whom it was handed over to. */
	readonly by: { readonly name: string; readonly isMe: boolean } | null;
	readonly reason: string | null;
	/** Names of other users who have locked the row since. */
	readonly since: readonly string[];
	/** Whether the server says that the row has been changed since. */
	readonly isChanged: boolean;
	/** Whether the history has been read, which the others are from. */
	readonly isExplained: boolean;
}

export interface State {
	readonly phase: Phase;
	/** Of the lock held. */
	readonly token: string | null;
	/** Whether the lock is about to end. */
	readonly warned: boolean;
	/** Of the lock held, by performance.now(). */
	readonly endsAt: number;
	/** Of a lock that is not this page's. */
	readonly holder: (Lock & { endsAt: number }) | null;
	/** Why the lock was lost. */
	readonly loss: Loss | null;
	/** Why the row cannot be locked. */
	readonly refusal: { status: number; problem: ProblemDocument } | null;
	/** Why requests about the lock fail. They are repeated. */
	readonly trouble: 'offline' | 'busy' | 'refused' | 'signed_out' | null;
	/** The answer behind `trouble`. Status 0: none. */
	readonly failure: { status: number; problem: ProblemDocument } | null;
	/** Why the server does not keep the draft. */
	readonly draftRefusal: { status: number; problem: ProblemDocument } | null;
}

export interface Session {
	owner: string;
	owner_name: string | null;
	role: string;
	may: { break_locks: boolean; take_over: boolean; protect_any: boolean };
	[member: string]: unknown;
}

export interface Draft {
	data: unknown;
	/** The draftClient of its page. */
	client: string | null;
	/** ISO 8601. */
	saved_at: string;
}

export interface RowLockOptions {
	/** As SQL writes it. */
	table: string;
	/** The primary key as text; null: a new row, which only has drafts. */
	key: string | null;
	/** Origin of locking-web; '': the page's own. */
	base?: string;
	/** In start(), with the first change(), or not at all. */
	lockOn?: 'open' | 'change' | 'never';
	/**
	 * Returns the unsaved input, as JSON; null: nothing to keep; undefined:
	 * nothing to send now.
	 */
	draft?: () => unknown;
	/** Identifies the page's draft; default: `client`. */
	draftClient?: string;
	/** Shown to users who find the row locked. */
	note?: string | null;
	/** Identifies the tab; default: random. */
	client?: string;
	/** Whether to tell others that the user has the row open. */
	presence?: boolean;
	/** Seconds, if known; the first response replaces it. */
	ttl?: number;
	/** Seconds without renewal until a warning. */
	warning?: number;
	/**
	 * Seconds for which a page that is visible, or has unsaved input, keeps
	 * the lock without being used; default: 3600.
	 */
	idleLimit?: number;
}

export interface RowLockEvents {
	state: CustomEvent<State>;
	reread: Event;
	request: CustomEvent<RowRequest[]>;
	declined: CustomEvent<{ message: string | null }>;
	people: CustomEvent<Person[]>;
	/** The table is not protected (any more). */
	unprotected: CustomEvent<{ problem: ProblemDocument }>;
	signedout: CustomEvent<{ problem: ProblemDocument }>;
	othersite: CustomEvent<{ problem: ProblemDocument }>;
	wrongorigin: CustomEvent<{ problem: ProblemDocument }>;
	refused: CustomEvent<{ problem: ProblemDocument }>;
	unanswered: CustomEvent<{ problem: ProblemDocument }>;
}

/** The lock of one row for one page. */
export class RowLock extends EventTarget {
	constructor(options: RowLockOptions);
	readonly state: State;
	/** The fencing token; null: no lock is held. */
	readonly token: string | null;
	readonly mayEdit: boolean;
	readonly isStarted: boolean;
	readonly fault: Fault | null;
	readonly session: Session | null;
	/** Until the lock held, or the holder's, ends. */
	readonly secondsLeft: number;
	readonly requests: RowRequest[];
	/** Others who have the row open, with the option `presence`. */
	readonly people: Person[];
	start(known?: { lock?: Lock | null; sentAt?: number }): Promise<void>;
	change(): void;
	type(field: string): void;
	redraft(): void;
	use(): void;
	wake(): void;
	again(): void;
	control(): void;
	takeOver(reason: string | null): void;
	ask(message?: string | null): Promise<void>;
	withdraw(): Promise<void>;
	readRequests(): Promise<RowRequest[]>;
	handOver(owner?: string | null): Promise<string | null>;
	decline(owner: string, message?: string | null): Promise<void>;
	/** Identifies this page's draft. Another value leaves the draft as it is. */
	draftClient: string;
	/** Whether the server has all input as a draft. */
	readonly isDrafted: boolean;
	/** The latest one. */
	readDraft(): Promise<Draft | null>;
	/** The latest first. */
	readDrafts(): Promise<Draft[]>;
	/** Sends the unsaved input at once. Rejects if it is not kept. */
	keepDraft(): Promise<void>;
	/** All of the user's drafts of the row, or only that of a client. */
	discardDraft(client?: string | null): Promise<void>;
	save<T>(request: () => Promise<T>): Promise<T>;
	submitted(): void;
	saved(answer: { released: boolean; seconds_left?: number; sentAt?: number }): void;
	refusedSave(answer: { lock: Lock | null; sentAt: number; isProtected?: boolean }): void;
	/** Goes on without a lock, after the event of this name. */
	unprotected(): void;
	leave(): void;
	addEventListener<K extends keyof RowLockEvents>(
		type: K, listener: (event: RowLockEvents[K]) => void, options?: boolean | AddEventListenerOptions): void;
	addEventListener(
		type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}
