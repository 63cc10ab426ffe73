/**
 * The user's attention in this document, see model/attention.js.
 */
import { attention } from '../model/attention.js';

/**
 * Call it when the user presses a button whose answer may move the focus.
 * @returns {() => boolean} whether the answer may: the user has neither typed
 *   nor pressed anything since
 */
export const focusMayMove = attention(window, () => document.activeElement !== null && document.activeElement !== document.body);
