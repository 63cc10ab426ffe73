/**
 * Parts of an application's form, also if it has controls of their names: a
 * control named `elements` hides the property of the form.
 */

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLFormControlsCollection}
 */
export const controlsOf = (form) => Reflect.get(HTMLFormElement.prototype, 'elements', form);

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} child
 * @returns {void}
 */
export const append = (form, child) => Element.prototype.append.call(form, child);

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement|null} submitter
 * @returns {void}
 */
export const requestSubmit = (form, submitter) => HTMLFormElement.prototype.requestSubmit.call(form, submitter);
