// Python for PyScript, which imports this module through its setting `interpreter` and calls `loadPyodide`.
// boot.js calls `start` before that: the runtime, its memory and PyScript then load at the same time.
import { loadPyodide as load, version } from "../npm/pyodide/pyodide.mjs";
import { lockInfo, snapshotBytes } from "../python/facts.js";

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

// PyScript brings its own streams with its call, after Python has started.
const streams = { stdout: (line) => console.log(line), stderr: (line) => console.error(line) };
const options = () => ({
  indexURL: RUNTIME,
  stdout: (line) => streams.stdout(line),
  stderr: (line) => streams.stderr(line),
  // Everything is in the bundle: there is no index of packages to ask for, and nowhere to ask.
  lockFileContents: { info: lockInfo, packages: {} },
});

async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${new URL(url).pathname}: status ${response.status}`);
  return response;
}

// Pyodide wants the whole snapshot before it begins with the WebAssembly, but needs only its length then. So it is given
// memory of that length at once, which fills while the WebAssembly compiles, and waits between the two.
async function fromSnapshot() {
  const memory = new Uint8Array(snapshotBytes);
  const filled = fill(memory, SNAPSHOT);
  filled.catch(() => {}); // it is awaited below, perhaps after it has failed
  const createPyodideModule = async (settings) => {
    settings.API.config._loadSnapshot = null; // or the page would keep these 30 MB for ever
    const { default: create } = await import("../npm/pyodide/pyodide.asm.mjs");
    const module = await create(settings);
    await filled;
    keepTrampoline(module, memory);
    return module;
  };
  return load({ ...options(), createPyodideModule, _loadSnapshot: memory });
}

// Python calls C functions through one function that Emscripten puts into the table of functions when it starts, where
// the engine has room: the snapshot holds its place in Node. WebKit has another one, and iPhones have none at all.
function keepTrampoline({ HEAP32, __PyRuntime, __PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET }, snapshot) {
  const words = new Int32Array(snapshot.buffer);
  const [, heap] = words; // where the memory begins in the snapshot, in bytes
  const place = __PyRuntime + HEAP32[__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET / 4];
  words[(heap + place) / 4] = HEAP32[place / 4];
}

async function fill(memory, url) {
  const reader = (await get(url)).body.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > memory.length) throw new Error("the snapshot is longer than it should be");
    memory.set(value, at);
    at += value.length;
  }
  if (at < memory.length) throw new Error("the snapshot ends too early");
}

// The slow way, without any private interface of Pyodide: a fresh Python, and our own modules as files.
async function fromFiles() {
  const [python, sitePackages] = await Promise.all([load(options()), get(SITE_PACKAGES)]);
  const folder = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(await sitePackages.arrayBuffer(), "zip", { extractDir: folder });
  return python;
}

// When the WebAssembly cannot be had or compiled, Pyodide says so on the console and its promise stays open for ever.
// So the promise here ends by that warning, too.
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

let starting;

/** Python, started once; from the snapshot, or without it when it is refused. */
export function start() {
  starting ??= unlessWasmFails(fromSnapshot).catch((error) => {
    if (error.message === WASM_FAILED) throw error; // the other way would need the same file
    console.warn("The memory snapshot was refused, so Python starts without it:", error);
    globalThis.picsafe.boot.snapshot = false;
    return unlessWasmFails(fromFiles);
  });
  return starting;
}

/** What PyScript calls. */
export async function loadPyodide({ stdout, stderr }) {
  const python = await start();
  Object.assign(streams, { stdout, stderr });
  if (globalThis.picsafe.boot.snapshot) useCompiledLibrary(python);
  return python;
}

// At every start PyScript has Python write PyScript's own library into files, compile and import it. The snapshot holds
// it compiled (scripts/clientbuild/prepare.py), so importing it is enough.
function useCompiledLibrary(python) {
  const { runPythonAsync } = python;
  python.runPythonAsync = (code, ...rest) =>
    runPythonAsync(code.includes(WRITES_LIBRARY) ? "import pyscript" : code, ...rest);
}
