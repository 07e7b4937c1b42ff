// @ts-check
// HEIC photos, which iPhones make, as JPEGs for browsers that do not decode HEIC: all but Safari. This module, the worker and
// libheif (a file of its own) are fetched when a photo needs them, not before. Photos are decoded in a few workers, never on
// the page's thread. py/picsafe_client/ui/heic.py is the other side; it has checked how many pixels a photo has.

const WORKER = "./heic/heic-worker.js";
const LIBRARY = "../npm/libheif-js/libheif-wasm/libheif.wasm";
const LOAD_MS = 300_000; // for 460 kB: enough for a telephone at the edge of its network
const DECODE_MS = 60_000; // for one photo: 48 megapixels take 6 s of a thread
const IDLE_MS = 10_000; // after which a worker, and with it the memory of its decoder, goes
const MOST_WORKERS = 4; // each takes eight times as many bytes as its photo has pixels

/** A HEIC photo of 64 pixels by 64, to see whether the browser decodes it. */
const SAMPLE =
  "data:image/heic;base64,AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACFtZGF0AAAAFSgBrwQY/K7fI7O8/xalSYI/f3RGcA==";

/** An error that Python tells from others by its name. */
class HeicError extends Error {
  /**
   * @param {"NotLoaded" | "NotDecoded" | "AbortError"} name
   * @param {string} message
   */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/**
 * @typedef {object} Job
 * @property {Blob} photo
 * @property {number} quality
 * @property {(jpeg: Blob) => void} done
 * @property {(error: HeicError) => void} failed
 */

/** @type {Job[]} */
const waiting = [];
/** @type {Set<Decoder>} */
const decoders = new Set();

/** @type {Promise<boolean> | undefined} */
let native;
/** @type {Promise<WebAssembly.Module> | undefined} */
let library;
/** @type {TrustedTypePolicy | undefined} */
let policy;

/** Whether this browser decodes HEIC itself, which is faster than any script. */
export function isNative() {
  native ??= (async () => {
    const image = new Image();
    image.src = SAMPLE;
    try {
      await image.decode();
      return image.naturalWidth > 0;
    } catch {
      return false;
    }
  })();
  return native;
}

/**
 * The primary picture of a HEIC photo as a JPEG: upright, with the photo's colour profile, without other metadata. Fails
 * with an error named "NotLoaded" when the decoder cannot be fetched, "NotDecoded" when it cannot decode the photo.
 * @param {Blob} photo
 * @param {number} quality from 0 to 1
 * @param {AbortSignal} signal drops it, also while it is being decoded
 * @returns {Promise<Blob>}
 */
export function jpegOf(photo, quality, signal) {
  return new Promise((done, failed) => {
    if (signal.aborted) return failed(new HeicError("AbortError", "not wanted any more"));
    const job = { photo, quality, done, failed };
    signal.addEventListener("abort", () => drop(job), { once: true });
    waiting.push(job);
    work();
  });
}

/** Ends all workers, and with them whatever is left of photos in their memory. What was wanted of them fails. */
export function end() {
  for (const job of waiting.splice(0)) job.failed(new HeicError("AbortError", "ended"));
  for (const decoder of decoders) decoder.end(new HeicError("AbortError", "ended"));
}

/** How many workers there are. */
export function count() {
  return decoders.size;
}

/** @param {Job} job */
function drop(job) {
  const error = new HeicError("AbortError", "not wanted any more");
  const place = waiting.indexOf(job);
  if (place >= 0) {
    waiting.splice(place, 1);
    job.failed(error);
  }
  for (const decoder of decoders) if (decoder.job === job) decoder.end(error);
}

/** Gives what waits to workers that are free, and to new ones up to a few. */
function work() {
  const most = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 1));
  while (waiting.length > 0) {
    const free = [...decoders].find((each) => !each.job) ?? (decoders.size < most ? new Decoder() : undefined);
    if (!free) return;
    free.begin(/** @type {Job} */ (waiting.shift()));
  }
}

/** One worker, and the photo that it decodes. */
class Decoder {
  constructor() {
    /** @type {Job | undefined} */
    this.job = undefined;
    this.isReady = false;
    this.timer = 0;
    this.worker = new Worker(trusted(WORKER), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.told(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.end(this.failure(event.message));
    });
    decoders.add(this);
    library ??= load();
    library.then(
      (module) => this.worker.postMessage({ module }),
      (error) => {
        library = undefined; // the next photo tries again
        this.end(new HeicError("NotLoaded", String(error)));
      },
    );
  }

  /** @param {Job} job */
  begin(job) {
    this.job = job;
    this.wait(this.isReady ? DECODE_MS : LOAD_MS, () => this.end(this.failure("it takes too long")));
    if (this.isReady) this.send();
  }

  send() {
    if (this.job) this.worker.postMessage({ photo: this.job.photo, quality: this.job.quality });
  }

  /** @param {{ ready?: boolean, jpeg?: Blob, error?: string }} data */
  told({ ready, jpeg, error }) {
    if (ready) {
      this.isReady = true;
      if (this.job) this.begin(this.job);
    } else if (jpeg) {
      const job = this.job;
      this.job = undefined;
      this.wait(IDLE_MS, () => this.end());
      job?.done(jpeg);
      work();
    } else {
      this.end(this.failure(error));
    }
  }

  /** @param {string | undefined} why */
  failure(why) {
    return new HeicError(this.isReady ? "NotDecoded" : "NotLoaded", why ?? "the worker ended");
  }

  /**
   * @param {number} milliseconds
   * @param {() => void} then
   */
  wait(milliseconds, then) {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, milliseconds);
  }

  /** @param {HeicError} [error] */
  end(error) {
    if (!decoders.delete(this)) return;
    clearTimeout(this.timer);
    this.worker.terminate();
    const job = this.job;
    this.job = undefined;
    if (error) job?.failed(error);
    work();
  }
}

async function load() {
  const answer = await fetch(LIBRARY, { signal: AbortSignal.timeout(LOAD_MS) });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}

/**
 * The only address that this module ever asks Trusted Types for, whatever it is given.
 * @param {string} url
 */
function trusted(url) {
  policy ??= globalThis.trustedTypes?.createPolicy("picsafe-heic", { createScriptURL: () => WORKER });
  return policy ? policy.createScriptURL(url) : url;
}
