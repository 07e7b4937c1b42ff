// A Node in which nothing depends on when, where or how often it runs, so that two builds freeze the same memory.
// Import this first. Never import it where a secret is made: its "random" bytes are a counter through SHA-256.
import crypto from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const MOMENT = Date.UTC(2026, 0, 1); // any fixed time will do; Python reads the real clock again in the browser
const RealDate = Date;
let block = 0;

function countedBytes(view) {
  const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  for (let start = 0; start < bytes.length; start += 32) {
    const digest = crypto.createHash("sha256").update(`picsafe build ${block++}`).digest();
    bytes.set(digest.subarray(0, Math.min(32, bytes.length - start)), start);
  }
  return view;
}

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [MOMENT]));
  }
  static now() {
    return MOMENT;
  }
};
performance.now = () => 0;
Math.random = () => 0.5;
crypto.randomFillSync = countedBytes; // what Emscripten asks in Node
globalThis.crypto.getRandomValues = countedBytes;

/** What `loadPyodide` is to be given so that neither the machine's settings nor its paths end up in memory. */
export function stillOptions(pyodideModule, more = {}) {
  return {
    indexURL: dirname(fileURLToPath(pyodideModule)),
    _sysExecutable: "/picsafe/python",
    env: { HOME: "/home/pyodide", LANG: "en_GB.UTF-8", PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1" },
    ...more,
  };
}

/** A file as the plain Uint8Array that Pyodide takes; it refuses Node's Buffer. */
export async function bytesOf(path) {
  return new Uint8Array(await readFile(path));
}

/** Runs `main` with the JSON task that build.py put into argv[2]; a failure is one readable line and exit code 1. */
export async function runTask(main) {
  try {
    await main(JSON.parse(process.argv[2]));
  } catch (error) {
    console.error(error.stack ?? String(error));
    process.exitCode = 1;
  }
}
