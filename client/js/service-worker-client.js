// @ts-check
// The page's side of the service worker (js/worker/): starts it, tells which release this page runs, and gives the bytes of
// media that are playing. Without it everything works but playing while decrypting and starting without a network.

const URL_OF_WORKER = "/worker.js";
const PROTOCOL = "/stream/1/"; // as in js/worker/streams.js
const TOKEN_BYTES = 32;

const worker = navigator.serviceWorker; // undefined where a page may have none: plain HTTP, some private windows

/**
 * @typedef {object} Medium
 * @property {number} size in bytes
 * @property {string} type its media type
 * @property {(start: number, stop: number) => Promise<Bytes>} read
 */

/** @type {Map<string, Medium>} By token. */
const media = new Map();

worker?.addEventListener("message", onMessage);
worker?.startMessages();

/** Starts the worker. It begins with its own work then, so the page calls this when Python is ready. */
export async function start() {
  if (!worker) return;
  try {
    // Held until this page is gone: as long as that, the worker keeps the files of this release.
    navigator.locks?.request(globalThis.picsafe.boot.kept, { mode: "shared" }, () => new Promise(() => {}));
    await worker.register(trusted(URL_OF_WORKER), { scope: "/" });
    worker.controller?.postMessage({ picsafe: "started" });
  } catch (error) {
    console.warn("This page works without its service worker:", error);
  }
}

/** Looks whether the server has a new release. This page goes on with its own; the next one that is opened has the new. */
export function look() {
  worker
    ?.getRegistration("/")
    .then((registration) => registration?.update())
    .catch(() => {});
}

/**
 * The only address that this page ever asks Trusted Types for, whatever it is given.
 * @param {string} url
 */
function trusted(url) {
  const { trustedTypes } = globalThis;
  if (!trustedTypes) return url;
  return trustedTypes.createPolicy("picsafe-worker", { createScriptURL: () => URL_OF_WORKER }).createScriptURL(url);
}

/** Whether media can be given addresses: some worker answers for this page. */
export function canStream() {
  return Boolean(worker?.controller);
}

/**
 * An address that a player of this page can read a medium from, until `close`. `read(start, stop)` resolves to a
 * Uint8Array with at least one of these bytes, beginning with the first; when it rejects, the player meets an error.
 * @param {number} size
 * @param {string} type
 * @param {Medium["read"]} read
 */
export function open(size, type, read) {
  const token = Array.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  media.set(token, { size, type, read });
  return PROTOCOL + token;
}

/**
 * The same for something that is read like a Blob.
 * @param {import("./lazy-blob.js").LazyBlob} blob
 */
export function openBlob(blob) {
  return open(blob.size, blob.type, async (start, stop) => {
    const some = Math.min(stop, start + 1024 * 1024); // a player takes it piece by piece
    return new Uint8Array(await blob.slice(start, some).arrayBuffer());
  });
}

/**
 * The address means nothing any more.
 * @param {string} address
 */
export function close(address) {
  media.delete(address.slice(PROTOCOL.length));
}

/** @param {MessageEvent} event */
async function onMessage({ data, ports: [port] }) {
  if (data?.picsafe !== "stream" || !port) return;
  const { token, start, stop } = data;
  const medium = media.get(token);
  if (!medium || start === undefined) {
    port.postMessage(medium ? { size: medium.size, type: medium.type } : null);
    return;
  }
  try {
    const piece = await medium.read(start, stop);
    if (!media.has(token)) throw new Error("closed meanwhile");
    const bytes = piece.slice().buffer; // a copy to give away: the piece may be part of something that is still needed
    port.postMessage(bytes, [bytes]);
  } catch {
    port.postMessage(null); // Python has said what was wrong
  }
}
