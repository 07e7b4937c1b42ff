// @ts-check
// libheif-js is a script of the time before modules: in a module it can only be had through `define`, as AMD has it.
// It is never changed, so that it can be replaced (docs/decisions/0036-heic-by-libheif-in-workers.md).

/**
 * @param {string[]} _needs
 * @param {() => typeof globalThis.libheif} make
 */
function define(_needs, make) {
  globalThis.libheif = make();
}
define.amd = {};

Object.assign(globalThis, { define });
