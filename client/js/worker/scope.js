// @ts-check

/** The global scope of a service worker; type checkers know only that of workers in general. */
export const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
