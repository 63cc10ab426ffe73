/**
 * The parent row of the row on an edit page: while another user holds its
 * lock, the child cannot be written.
 */
import { t } from '../../lang/texts.js';
import { isParentEvent } from '../../model/parent-lock.js';
import { paths } from '../../model/route.js';
import { personName } from '../../model/text.js';
import { h } from '../../ui/dom.js';
import { banner } from '../../ui/widgets.js';

/**
 * Follows the parent's lock and keeps it in `edited.row.parent_lock`.
 * @param {object} app
 * @param {import('./edited-row.js').EditedRow} edited
 * @param {AbortSignal} signal of the page's end
 * @param {() => void} changed called when the lock may have changed
 * @returns {void}
 */
export function watchParent(app, edited, signal, changed) {
	const heard = async ({ detail }) => {
		if (edited.isNew || !isParentEvent(detail, edited)) return;
		const now = await edited.read().catch(() => null);
		if (!now) return;
		edited.row = { ...edited.row, parent_lock: now.parent_lock };
		changed();
	};
	app.live.addEventListener('lock', heard, { signal });
}

/**
 * Shows who holds the parent, if it is another user.
 * @param {import('../../parts/form-notes.js').FormNotes} notes
 * @param {import('./edited-row.js').EditedRow} edited
 * @returns {void}
 */
export function showParent(notes, edited) {
	const holder = edited.parentHolder;
	const label = holder && edited.parentLabel;
	notes.keep('parent', holder && [holder.key, holder.owner, holder.acquired_at], () =>
		banner('theirs', {
			icon: 'lock',
			title: t('parent.edited', { label, who: personName(holder) }),
			text: [
				t('parent.text'),
				h('p', {}, h('a', { href: paths.row(holder.name, holder.key) }, t('parent.see', { label }))),
			],
		}),
	);
}
