// Python for PyScript, which imports this module through its setting `interpreter` and calls `loadPyodide`.
// boot.js calls `start` before that: the runtime, its memory and PyScript then load at the same time.
import { loadPyodide as load, version } from "../npm/pyodide/pyodide.mjs";
import lockInfo from "../python/lock.js";

export { version };

const RUNTIME = new URL(".", new URL("../npm/pyodide/pyodide.mjs", import.meta.url)).href;
const SNAPSHOT = new URL("../python/snapshot.bin", import.meta.url);
const SITE_PACKAGES = new URL("../python/site-packages.zip", import.meta.url);

const WASM_FAILED = "wasm instantiation failed!"; // the words of Pyodide's emscripten-settings.ts

// PyScript brings its own streams with its call, after Python has started.
const streams = { stdout: (line) => console.log(line), stderr: (line) => console.error(line) };
const options = () => ({
  indexURL: RUNTIME,
  stdout: (line) => streams.stdout(line),
  stderr: (line) => streams.stderr(line),
  // Everything is in the bundle: there is no index of packages to ask for, and nowhere to ask.
  lockFileContents: { info: lockInfo, packages: {} },
});

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${new URL(url).pathname}: status ${response.status}`);
  return response.arrayBuffer();
}

async function fromSnapshot() {
  return load({ ...options(), _loadSnapshot: bytes(SNAPSHOT) });
}

// The slow way, without any private interface of Pyodide: a fresh Python, and our own modules as files.
async function fromFiles() {
  const [python, sitePackages] = await Promise.all([load(options()), bytes(SITE_PACKAGES)]);
  const folder = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(sitePackages, "zip", { extractDir: folder });
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
  return python;
}
