/**
 * The banner that offers drafts: their age, origin and columns, and what can
 * be done with them.
 */
import { t } from '../lang/texts.js';
import { originText } from '../model/draft.js';
import { ago, exactMoment } from '../model/text.js';
import { h } from '../ui/dom.js';
import { banner, button } from '../ui/widgets.js';

/**
 * How long ago a draft was kept, with the time in the tooltip.
 * @param {number} savedAt by Date.now()
 * @returns {HTMLElement}
 */
export function draftAge(savedAt) {
	const iso = new Date(savedAt).toISOString();
	return h('time', { dateTime: iso, title: exactMoment(iso) }, ago((Date.now() - savedAt) / 1000));
}

/**
 * @param {import('../model/draft.js').Draft[]} drafts at least one
 * @param {object} options
 * @param {{ machine: string|null, tab: string }} options.here
 * @param {(names: string[]) => string} options.labelsOf columns in words
 * @param {(draft: object) => boolean} options.isOutdated whether the row was
 *   changed since
 * @param {(draft: object) => any} options.restore
 * @param {(draft: object) => any} options.compare
 * @param {(draft: object) => any} options.discard
 * @returns {HTMLElement}
 */
export const draftOffer = (drafts, options) =>
	banner('info', {
		icon: 'history',
		title: t('drafts.recovered', { n: drafts.length }),
		text: [h('ul', { class: 'draft-offers' }, drafts.map((draft) => offer(draft, options)))],
	});

function offer(draft, { here, labelsOf, isOutdated, restore, compare, discard }) {
	const columns = labelsOf(Object.keys(draft.data?.values ?? {}));
	const origin = originText(draft.id, here);
	return h(
		'li',
		{ data: { draft: draft.id } },
		h(
			'span',
			{ class: 'draft-about' },
			draftAge(draft.savedAt),
			origin ? ` · ${origin}` : '',
			columns ? [' · ', h('bdi', { class: 'quiet' }, columns)] : null,
			draft.isEnded ? [' · ', h('strong', {}, t('drafts.ended'))] : null,
			isOutdated(draft) ? [' · ', h('strong', {}, t('drafts.row_changed'))] : null,
		),
		h(
			'span',
			{ class: 'button-row' },
			button(t('action.restore'), () => restore(draft), { kind: 'small primary' }),
			button(t('action.compare'), () => compare(draft), { kind: 'small' }),
			button(t('action.discard'), () => discard(draft), { kind: 'small plain bad' }),
		),
	);
}
