// What comes from npm or is made by the build, as far as our scripts use it. The names are private ones of Pyodide's where
// they begin with an underscore (docs/decisions/0006).

/** An Emscripten module, as Pyodide creates it. */
interface PyodideModule {
  HEAPU8: Uint8Array;
  HEAP32: Int32Array;
  /** 1 when it worked; nothing otherwise. The arrays above are new ones then. */
  growMemory(bytes: number): 1 | undefined;
  __PyRuntime: number;
  __PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET: number;
}

interface PyodideSettings {
  API: { config: { _loadSnapshot: Uint8Array | null } };
}

interface PyodideOptions {
  indexURL: string;
  stdout(line: string): void;
  stderr(line: string): void;
  lockFileContents: object;
  createPyodideModule?(settings: PyodideSettings): Promise<PyodideModule>;
  _loadSnapshot?: Uint8Array;
}

interface Pyodide {
  runPython(code: string): unknown;
  runPythonAsync(code: string, ...rest: unknown[]): Promise<unknown>;
  unpackArchive(bytes: ArrayBuffer, format: string, options: { extractDir: string }): void;
}

declare module "*/npm/pyodide/pyodide.asm.mjs" {
  export default function create(settings: PyodideSettings): Promise<PyodideModule>;
}

declare module "*/npm/pyodide/pyodide.mjs" {
  export const version: string;
  export function loadPyodide(options: PyodideOptions): Promise<Pyodide>;
}

declare module "*/npm/@pyscript/core/dist/core.js" {
  export const hooks: { worker: { onBeforeRunAsync: Set<unknown> } };
}

declare module "*/npm/hash-wasm/dist/sha256.umd.min.js" {}
declare module "*/npm/hash-wasm/dist/crc32.umd.min.js" {}

declare module "*/python/facts.js" {
  export const lockInfo: object;
  /** Where the parts of the memory snapshot belong: see scripts/clientbuild/sparse.py. */
  export const snapshot: { head: number; memory: number; stretches: [start: number, length: number][] };
}
