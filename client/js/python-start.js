// @ts-check
// When Python starts, and what the page says about it: which part of index.html is shown, that Python is ready, or that it
// failed.
import { at } from "./elements.js";
import { isUnended, mayBeAlive } from "./session.js";

const ACTIVITY_EVENTS = ["pointermove", "pointerdown", "keydown", "focusin", "input"]; // somebody is there
const START_ANYWAY_MS = 20_000; // until Python starts without any of them
const OUTBOX = "picsafe.outbox"; // set while an encrypted report waits to be delivered (sealed-store.js)
const PUBLIC = /^#\/invitation\//; // screens that need no sign-in; router.py has the same list

const page = document.documentElement;
const { i18n } = globalThis.picsafe;

/** Whether the address names a screen that needs no sign-in. */
export const isPublic = () => PUBLIC.test(location.hash);

/**
 * Shows a part of index.html.
 * @param {"signed-in" | "signed-out" | "public"} name
 */
export function state(name) {
  page.dataset.state = name;
}

/**
 * Why the sign-in form is shown, for its style.
 * @param {string} why
 */
export function reason(why) {
  page.dataset.why = why;
}

/** @type {() => void} Lets Python start. */
export let begin;

/**
 * Resolves when Python may start. Python keeps the page's only thread busy while it starts, so on a page on which nobody is
 * signed in it does not start under the first paint, but when somebody comes; its files are requested before
 * (docs/decisions/0021).
 * @type {Promise<void>}
 */
export const wanted = new Promise((resolve) => {
  begin = resolve;
  if (isPublic() || isUnended() || mayBeAlive() || localStorage.getItem(OUTBOX)) begin();
  for (const name of ACTIVITY_EVENTS) addEventListener(name, begin, { once: true, passive: true });
  setTimeout(begin, START_ANYWAY_MS);
});

/** Python has started. */
export function ready() {
  page.dataset.python = "ready";
  i18n.put(at("boot-text"), "shell.ready");
}

/**
 * Python will not start on this page.
 * @param {unknown} error
 */
export function failed(error) {
  console.error(error);
  page.dataset.python = "failed";
  i18n.put(at("boot-text"), "shell.failed");
  at("boot-failure").hidden = false;
}

// The boot script reports its own failures, but not that it could not be loaded itself.
addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLScriptElement) failed(new Error(`${target.src} could not be loaded`));
  },
  true,
);

at("reload-button").addEventListener("click", () => location.reload());
