// @ts-check

/**
 * The element of index.html with this id. Throws a TypeError where there is none.
 * @param {string} id
 */
export function at(id) {
  const element = document.getElementById(id);
  if (!element) throw new TypeError(`index.html has no #${id}`);
  return element;
}

/**
 * The input of index.html with this id.
 * @param {string} id
 */
export const inputAt = (id) => /** @type {HTMLInputElement} */ (at(id));
