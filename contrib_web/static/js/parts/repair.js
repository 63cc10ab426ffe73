/**
 * Repair of a table whose guard is missing or disabled.
 */
import { t } from '../lang/texts.js';
import { tablePath } from '../client/api.js';
import { tableLabel } from '../model/column.js';
import { toast } from '../ui/announce.js';
import { button } from '../ui/widgets.js';
import { toastProblem } from './problem-toast.js';

/**
 * A button that restores the triggers, by protecting the table again with the
 * same settings.
 * @param {import('../client/api.js').Api} api
 * @param {object} table as GET /tables describes it
 * @param {() => any} done called afterwards, whether it succeeded or not
 * @returns {HTMLElement}
 */
export function repairButton(api, table, done) {
	const text = t('protect.repair');
	const label = `${t('text.labelled', { label: text })} ${tableLabel(table.name)}`;
	const press = async () => {
		await repair(api, table);
		await done();
	};
	return button(text, press, { kind: 'small primary', name: 'refresh', label });
}

async function repair(api, { table, name, protection }) {
	const { hard, required, columns, ttl, warning, parent } = protection;
	try {
		await api.put(`${tablePath(table)}/protection`, { hard, required, columns, ttl, warning, parent });
		toast(t('protect.repaired', { table: tableLabel(name) }));
	} catch (error) {
		toastProblem(error);
	}
}
