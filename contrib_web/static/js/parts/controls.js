/**
 * The controls of a form's fields, by kind of column (model/column.js).
 */
import { array } from './controls/array.js';
import { boolean } from './controls/boolean.js';
import { date } from './controls/date.js';
import { enumeration } from './controls/enum.js';
import { json } from './controls/json.js';
import { bytes, line, long, number } from './controls/plain.js';
import { reference } from './controls/reference.js';
import { timestamp } from './controls/timestamp.js';
import { uuid } from './controls/uuid.js';

const makers = {
	line,
	long,
	number,
	boolean,
	date,
	timestamp,
	enum: enumeration,
	array,
	json,
	uuid,
	bytes,
	choice: reference,
};

/**
 * Makes the control for a kind of column.
 * @param {string} kind of fieldKind()
 * @param {import('./controls/base.js').About} about
 * @param {import('./controls/base.js').Changed} changed
 * @returns {import('./controls/base.js').Control}
 */
export const makeControl = (kind, about, changed) => makers[kind](about, changed);

/**
 * Makes a text control, for values that the kind's control cannot show.
 * @param {import('./controls/base.js').About} about
 * @param {import('./controls/base.js').Changed} changed
 * @returns {import('./controls/base.js').Control}
 */
export const anyText = (about, changed) => (/[\r\n]/.test(about.value ?? '') ? long : line)(about, changed);
