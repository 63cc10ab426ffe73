/**
 * Values by names that a database or an application has chosen. A column can
 * be named like a property that every object inherits, such as `constructor`.
 */

/**
 * @template T
 * @param {Object<string, T>} values
 * @param {string} name
 * @returns {T|undefined}
 */
export const own = (values, name) => (Object.hasOwn(values, name) ? values[name] : undefined);
