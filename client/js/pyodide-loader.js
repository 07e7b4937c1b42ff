// @ts-check
// Python for PyScript, which imports this module through its setting `interpreter` and calls `loadPyodide`.
// boot.js calls `start` before that: the runtime, its memory and PyScript then load at the same time.
import create from "../npm/pyodide/pyodide.asm.mjs";
import { loadPyodide as load, version } from "../npm/pyodide/pyodide.mjs";
import { lockInfo, snapshot } from "../python/facts.js";

export { version };

const RUNTIME = new URL(".", new URL("../npm/pyodide/pyodide.mjs", import.meta.url)).href;
const SNAPSHOT = new URL("../python/snapshot.bin", import.meta.url);
const SITE_PACKAGES = new URL("../python/site-packages.zip", import.meta.url);

const WASM_FAILED = "wasm instantiation failed!"; // the words of Pyodide's emscripten-settings.ts
const WRITES_LIBRARY = "import pyscript as _pyscript"; // in the code that PyScript's stdlib.js composes

// Pyodide takes for an error what has a `stack`. WebKit gives none to a request that failed: Python would never hear of it.
if (!("stack" in Error.prototype)) {
  Object.defineProperty(Error.prototype, "stack", { value: "", writable: true, configurable: true });
}

/** @typedef {(line: string) => void} Write */

/** @type {{ stdout: Write, stderr: Write }} PyScript brings its own with its call, after Python has started. */
const streams = { stdout: (line) => console.log(line), stderr: (line) => console.error(line) };

/** @returns {PyodideOptions} */
const options = () => ({
  indexURL: RUNTIME,
  stdout: (line) => streams.stdout(line),
  stderr: (line) => streams.stderr(line),
  // Everything is in the bundle: there is no index of packages to ask for, and nowhere to ask.
  lockFileContents: { info: lockInfo, packages: {} },
});

// What the service worker keeps of this release (worker/cache.js) is read without it: of tens of megabytes, that way is
// half the work of a warm start.
const { fetch } = globalThis;

/** @param {URL | RequestInfo} url */
async function fetchCachedFirst(url) {
  if (!navigator.serviceWorker?.controller) return fetch(url); // on its way already (preload.js)
  const kept = await caches
    .match(/** @type {RequestInfo} */ (url), { cacheName: globalThis.picsafe.boot.kept, ignoreVary: true })
    .catch(() => undefined);
  return kept ?? fetch(url);
}

/**
 * Runs `loading` with a `fetch` that looks into the cache first, as Pyodide fetches its own files itself.
 * @param {() => Promise<Pyodide>} loading
 */
function withCachedFetch(loading) {
  globalThis.fetch = (url, ...rest) => (String(url).startsWith(RUNTIME) ? fetchCachedFirst(url) : fetch(url, ...rest));
  return loading().finally(() => {
    globalThis.fetch = fetch;
  });
}

/** @param {URL} url */
async function get(url) {
  const response = await fetchCachedFirst(url);
  if (!response.ok) throw new Error(`${new URL(url).pathname}: status ${response.status}`);
  return response;
}

// Pyodide wants the whole snapshot before it begins with the WebAssembly, but needs only its length then. So it is given
// the head alone, which says that it is as long as the memory, and the memory is written here: while the WebAssembly
// compiles, the snapshot comes, and each of its bytes is copied once.
async function fromSnapshot() {
  const head = new Uint8Array(snapshot.head);
  Object.defineProperty(head, "length", { value: snapshot.memory });
  const coming = pieces(SNAPSHOT);
  coming.catch(() => {}); // it is awaited below, perhaps after it has failed
  /** @param {PyodideSettings} settings */
  const createPyodideModule = async (settings) => {
    settings.API.config._loadSnapshot = null; // or the page would never release it
    const module = await create(settings);
    restore(module, head, await coming);
    return module;
  };
  return load({ ...options(), createPyodideModule, _loadSnapshot: head });
}

/**
 * The snapshot as the arrays it arrives in.
 * @param {URL} url
 */
async function pieces(url) {
  /** @type {Uint8Array[]} */
  const arrived = [];
  const wanted = snapshot.stretches.reduce((sum, [, length]) => sum + length, snapshot.head);
  const { body } = await get(url);
  const reader = /** @type {ReadableStream<Bytes>} */ (body).getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    arrived.push(value);
    length += value.length;
  }
  if (length !== wanted) throw new Error(`the snapshot has ${length} bytes and not ${wanted}`);
  return arrived;
}

/**
 * Writes the snapshot into the memory. What is not in it was zero, and the WebAssembly has written there since.
 * @param {PyodideModule} module
 * @param {Uint8Array} head
 * @param {Uint8Array[]} arrived
 */
function restore(module, head, arrived) {
  // The WebAssembly begins with a memory of its own size, whatever size is asked for. A snapshot that needs more was made in a
  // memory that had grown.
  if (module.HEAPU8.length < snapshot.memory && !module.growMemory(snapshot.memory)) {
    throw new Error(`there are no ${snapshot.memory} bytes of memory for the snapshot`);
  }
  const { HEAPU8, HEAP32, __PyRuntime, __PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET } = module;
  // Python calls C functions through one function that Emscripten puts into the table of functions when it starts, where
  // the engine has room: the snapshot holds its place in Node. WebKit has another one, and iPhones have none at all.
  const trampoline = (__PyRuntime + HEAP32[__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET / 4]) / 4;
  const place = HEAP32[trampoline];
  let end = 0;
  const targets = snapshot.stretches.map(([start, length]) => {
    HEAPU8.fill(0, end, start);
    end = start + length;
    return HEAPU8.subarray(start, end);
  });
  HEAPU8.fill(0, end);
  copyInto(arrived, [head.subarray(0, snapshot.head), ...targets]);
  HEAP32[trampoline] = place;
}

/**
 * Copies arrays into others that have the same length together.
 * @param {Uint8Array[]} sources
 * @param {Uint8Array[]} targets
 */
function copyInto(sources, targets) {
  let [target, ...others] = targets;
  for (let source of sources) {
    while (source.length) {
      const part = source.subarray(0, target.length);
      target.set(part);
      source = source.subarray(part.length);
      target = target.subarray(part.length);
      if (!target.length) [target, ...others] = others;
    }
  }
}

// The slow way, without any private interface of Pyodide: a fresh Python, and our own modules as files.
async function fromFiles() {
  const [python, sitePackages] = await Promise.all([load(options()), get(SITE_PACKAGES)]);
  const folder = String(python.runPython("import site; site.getsitepackages()[0]"));
  python.unpackArchive(await sitePackages.arrayBuffer(), "zip", { extractDir: folder });
  return python;
}

/**
 * Rejects when the WebAssembly cannot be had or compiled. Pyodide says so on the console only, and its promise never
 * settles, so the promise here ends by that warning, too.
 * @param {() => Promise<Pyodide>} loading
 * @returns {Promise<Pyodide>}
 */
function unlessWasmFails(loading) {
  return new Promise((resolve, reject) => {
    const warn = console.warn;
    const restore = () => {
      console.warn = warn;
    };
    console.warn = (...words) => {
      warn.apply(console, words);
      if (words[0] === WASM_FAILED) reject(new Error(WASM_FAILED));
    };
    loading().then(resolve, reject).finally(restore);
  });
}

/** @type {Promise<Pyodide> | undefined} */
let starting;

/** Python, started once; from the snapshot, or without it when it is refused. */
export function start() {
  starting ??= withCachedFetch(() => unlessWasmFails(fromSnapshot).catch(withoutSnapshot));
  return starting;
}

/** @param {Error} refusal why the snapshot is of no use */
async function withoutSnapshot(refusal) {
  if (refusal.message === WASM_FAILED) throw refusal; // the other way would need the same file
  console.warn("The memory snapshot was refused, so Python starts without it:", refusal);
  globalThis.picsafe.boot.snapshot = false;
  await globalThis.picsafe.boot.forget();
  return unlessWasmFails(fromFiles);
}

/**
 * What PyScript calls.
 * @param {{ stdout: Write, stderr: Write }} given
 */
export async function loadPyodide({ stdout, stderr }) {
  const python = await start();
  Object.assign(streams, { stdout, stderr });
  if (globalThis.picsafe.boot.snapshot) useCompiledLibrary(python);
  return python;
}

/**
 * At every start PyScript has Python write PyScript's own library into files, compile and import it. The snapshot holds it
 * compiled (scripts/clientbuild/prepare.py), so importing it is enough.
 * @param {Pyodide} python
 */
function useCompiledLibrary(python) {
  const { runPythonAsync } = python;
  python.runPythonAsync = (code, ...rest) =>
    runPythonAsync(code.includes(WRITES_LIBRARY) ? "import pyscript" : code, ...rest);
}
