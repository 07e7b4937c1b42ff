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
 * @property {number} id
 * @property {Blob} photo
 * @property {number} quality
 * @property {number} rows of tiles that several workers may share; none of a photo in one piece
 * @property {number} next the first row that nobody has been given yet
 * @property {(jpeg: Blob) => void} done
 * @property {(error: HeicError) => void} failed
 */

/** @typedef {{ pixels: ImageData, top: number }} Strip a part of a picture over its whole width */

/** @type {Job[]} */
const waiting = [];
/** @type {Set<Decoder>} */
const decoders = new Set();

let begun = 0;
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
    const unwanted = () => new HeicError("AbortError", "not wanted any more");
    if (signal.aborted) return failed(unwanted());
    const job = { id: ++begun, photo, quality, rows: 0, next: 0, done, failed };
    signal.addEventListener("abort", () => fail(job, unwanted()), { once: true });
    waiting.push(job);
    work();
  });
}

/** Ends all workers, and with them whatever is left of photos in their memory. What was wanted of them fails. */
export function end() {
  const ended = new HeicError("AbortError", "ended");
  for (const job of waiting.splice(0)) job.failed(ended);
  for (const decoder of decoders) decoder.end(ended);
}

/** How many workers there are. */
export function count() {
  return decoders.size;
}

/**
 * Gives a photo up, and ends the workers that are at it.
 * @param {Job} job
 * @param {HeicError} error
 */
function fail(job, error) {
  const place = waiting.indexOf(job);
  if (place >= 0) waiting.splice(place, 1);
  job.failed(error); // of no effect when it is done
  job.rows = 0; // nobody is to help
  for (const decoder of decoders) if (decoder.job === job) decoder.end(error);
}

/** Gives what waits to workers that are free, and to new ones up to a few: photos first, then rows of tiles. */
function work() {
  const most = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 1));
  for (;;) {
    const job = waiting[0] ?? shared();
    const free = job && ([...decoders].find((each) => !each.job) ?? (decoders.size < most ? new Decoder() : undefined));
    if (!free) return;
    const isLeading = job === waiting[0];
    if (isLeading) waiting.shift();
    free.begin(job, isLeading);
  }
}

/** A photo that is being decoded and has rows for others to decode. */
function shared() {
  for (const { job, isLeading } of decoders) if (isLeading && job && job.next < job.rows) return job;
  return undefined;
}

/** One worker, and the photo that it makes a JPEG of or helps with. */
class Decoder {
  constructor() {
    /** @type {Job | undefined} */
    this.job = undefined;
    this.isLeading = false;
    this.isReady = false;
    this.timer = 0;
    this.worker = new Worker(trusted(WORKER), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.told(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fail(event.message);
    });
    decoders.add(this);
    library ??= load();
    library.then(
      (module) => this.worker.postMessage({ module }),
      (error) => {
        library = undefined; // the next photo tries again
        this.fail(String(error));
      },
    );
  }

  /**
   * @param {Job} job
   * @param {boolean} isLeading makes the JPEG, and does not only help
   */
  begin(job, isLeading) {
    this.job = job;
    this.isLeading = isLeading;
    this.wait(this.isReady ? DECODE_MS : LOAD_MS, () => this.fail("it takes too long"));
    if (!this.isReady) return;
    if (isLeading) this.worker.postMessage({ id: job.id, photo: job.photo, quality: job.quality });
    else this.goOn(job);
  }

  /**
   * The next row of tiles, if there is one.
   * @param {Job} job
   */
  goOn(job) {
    if (job.next < job.rows) this.worker.postMessage({ id: job.id, photo: job.photo, row: job.next++ });
    else if (!this.isLeading) this.rest();
  }

  /** @param {{ ready?: boolean, rows?: number, drawn?: number, strip?: Strip, jpeg?: ArrayBuffer, error?: string }} data */
  told({ ready, rows, drawn, strip, jpeg, error }) {
    const { job } = this;
    if (ready) {
      this.isReady = true;
      if (job) this.begin(job, this.isLeading);
    } else if (!job) {
      this.end(); // nothing was wanted of it
    } else if (rows) {
      job.rows = rows;
      this.goOn(job);
      work();
    } else if (drawn !== undefined) {
      this.goOn(job);
    } else if (strip) {
      const leading = [...decoders].find((each) => each.isLeading && each.job === job);
      leading?.worker.postMessage({ strip }, [strip.pixels.data.buffer]);
      this.goOn(job);
    } else if (jpeg) {
      job.done(new Blob([jpeg], { type: "image/jpeg" }));
      this.rest();
    } else {
      this.fail(error);
    }
  }

  /** It is free, and stays for a while. */
  rest() {
    this.job = undefined;
    this.isLeading = false;
    this.worker.postMessage({ close: true });
    this.wait(IDLE_MS, () => this.end());
    work();
  }

  /** @param {string | undefined} why */
  fail(why) {
    const error = new HeicError(this.isReady ? "NotDecoded" : "NotLoaded", why ?? "the worker ended");
    if (this.job) fail(this.job, error);
    else this.end();
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
    if (error) this.job?.failed(error);
    this.job = undefined;
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
