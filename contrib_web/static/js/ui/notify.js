/**
 * Notifications of the desktop. The browser asks for the permission only
 * after the user has asked for them.
 */

const isSupported = () => typeof Notification !== 'undefined';

/**
 * Whether the user sees the page.
 * @returns {boolean}
 */
export const isSeen = () => document.visibilityState === 'visible' && document.hasFocus();

/**
 * Whether the user can be asked for the permission.
 * @returns {'granted'|'denied'|'default'|'unsupported'}
 */
export const permission = () => (isSupported() ? Notification.permission : 'unsupported');

/**
 * Asks for the permission, after a click.
 * @returns {Promise<boolean>} whether it is granted
 */
export const askPermission = async () => isSupported() && (await Notification.requestPermission()) === 'granted';

/**
 * Notifies a user who does not see the page, if allowed.
 * @param {string} title
 * @param {object} [options]
 * @param {string} [options.body]
 * @param {string} [options.tag] replaces the notification with this tag
 * @returns {void}
 */
export function notify(title, { body = '', tag = '' } = {}) {
	if (permission() !== 'granted' || isSeen()) return;
	try {
		const shown = new Notification(title, { body, tag });
		shown.addEventListener('click', () => {
			window.focus();
			shown.close();
		});
	} catch {
		// Some browsers of phones allow them from service workers only.
	}
}
