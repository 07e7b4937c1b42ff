// @ts-check
// Starts Python through PyScript and says how that went: by the events `picsafe:ready` and `picsafe:boot-failed` on the
// document (the latter with `detail.reason`), by `picsafe.shell.failed`, and in `picsafe.boot` for code that looks later.
// Everything is imported below, not up here, where a file that cannot be had would end this script without a word.

const release = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=picsafe-release]")).content;

/** @type {Boot} */
const boot = {
  state: "waiting",
  reason: null,
  snapshot: true,
  kept: `picsafe-${release}`,

  /** A file of this release may be damaged on this computer: the next start fetches all of them again. */
  forget() {
    return globalThis.caches?.delete(boot.kept).catch(() => undefined);
  },

  /** Called by Python when its imports have run. */
  ready() {
    boot.state = "ready";
    document.dispatchEvent(new CustomEvent("picsafe:ready"));
  },

  /** The page will never work: only the first reason counts, the others follow from it. */
  failed(reason) {
    if (boot.state === "failed") return;
    boot.state = "failed";
    boot.reason = reason instanceof Error ? reason : new Error(String(reason));
    boot.forget();
    globalThis.picsafe.shell?.failed(boot.reason);
    document.dispatchEvent(new CustomEvent("picsafe:boot-failed", { detail: { reason: boot.reason } }));
  },
};

globalThis.picsafe ??= /** @type {Picsafe} */ ({});
globalThis.picsafe.boot = boot;

// PyScript reads its settings from these elements while it is imported. Its plugins are all switched off, also for the
// MicroPython that this page does not use: nobody edits code here, and the shell shows what went wrong.
const plugins = ["codemirror", "deprecations-manager", "donkey", "error", "py-editor", "py-game", "py-terminal"];
const off = plugins.map((name) => `!${name}`);
const interpreter = new URL("./pyodide-loader.js", import.meta.url).href;
configure("py-config", { interpreter, plugins: off, packages_cache: "never" });
configure("mpy-config", { plugins: off });

/**
 * @param {"py-config" | "mpy-config"} element
 * @param {object} settings
 */
function configure(element, settings) {
  const holder = document.createElement(element);
  holder.setAttribute("type", "json");
  holder.textContent = JSON.stringify(settings);
  document.head.append(holder);
}

try {
  const [{ start }, kernel, serviceWorkerClient, sealedDrafts, outbox] = await Promise.all([
    import("./pyodide-loader.js"),
    import("./kernel.js"),
    import("./service-worker-client.js"),
    import("./sealed-drafts.js"),
    import("./outbox.js"),
  ]);
  const heic = () => import("./heic.js");
  Object.assign(globalThis.picsafe, { kernel, serviceWorkerClient, sealedDrafts, outbox, heic });
  void sealedDrafts.sweep(); // also where nobody signs in
  await globalThis.picsafe.shell?.wanted;
  boot.state = "loading";
  document.addEventListener("picsafe:ready", serviceWorkerClient.start);
  start().catch(boot.failed);
  const { hooks } = await import("../npm/@pyscript/core/dist/core.js");
  // These hooks are for Python in workers, which this page has none of. Building them takes `Function("…")`, which the
  // page's policy forbids; without any there is nothing to build.
  hooks.worker.onBeforeRunAsync.clear();
} catch (error) {
  boot.failed(error);
}
