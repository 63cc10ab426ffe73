/**
 * Whether the user has gone on since an action whose answer comes later. An
 * answer moves the focus only if not: by then the user may be typing.
 */

/** What a user does. Moving the pointer and scrolling are not among it. */
const ACTS = ['keydown', 'pointerdown', 'input'];

/**
 * Watches what the user does.
 * @param {EventTarget} target that all events pass, such as a window
 * @param {() => boolean} hasFocus whether any element has the focus
 * @returns {() => () => boolean} begins with an action; the function
 *   returned tells whether the focus may be moved, since the user has done
 *   nothing after the action, or nothing has the focus
 */
export function attention(target, hasFocus) {
	let acts = 0;
	for (const type of ACTS) target.addEventListener(type, () => acts++, { capture: true });
	return () => {
		const before = acts;
		return () => acts === before || !hasFocus();
	};
}
