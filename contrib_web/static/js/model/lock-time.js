/**
 * Ends of locks by the page's clock.
 */

/**
 * Adds the end of its time to a lock.
 * @template {{ seconds_left: number }} Lock
 * @param {Lock|null} lock as the API returns it
 * @param {number} sentAt when the request was sent, by performance.now()
 * @returns {(Lock & { endsAt: number })|null} endsAt by performance.now()
 */
export const timed = (lock, sentAt) => lock && { ...lock, endsAt: sentAt + lock.seconds_left * 1000 };

/**
 * When the first of several locks ends.
 * @param {({ endsAt: number }|null)[]} locks
 * @returns {number} by performance.now(); Infinity without locks
 */
export const firstEnd = (locks) => Math.min(Infinity, ...locks.filter(Boolean).map((lock) => lock.endsAt));
