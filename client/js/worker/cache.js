// @ts-check
// The client's own files on this computer: those of one release, each checked against the manifest before it is kept.
// Nothing else is ever put here: no answer of a server, nothing decrypted.
import { scope } from "./scope.js";

const PREFIX = "picsafe-";
const OWN = PREFIX + RELEASE.id;
const NETWORK_TIMEOUT_MS = 3000; // that the page may take over the network before the one kept here is shown

/**
 * The page: the server's, so that a new release is there with the next load; the one kept here when none comes.
 * @param {FetchEvent} event
 */
export async function page(event) {
  const answer = fetch(event.request).catch(() => null);
  const first = await withinTimeout(answer);
  if (!first || first.status >= 500) return (await kept("/")) ?? (await answer) ?? Response.error();
  if (first.ok) event.waitUntil(renew(first.clone()));
  return first;
}

/**
 * What the network answers, or undefined when it takes too long.
 * @param {Promise<Response | null>} answer
 * @returns {Promise<Response | null | undefined>}
 */
async function withinTimeout(answer) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(undefined), NETWORK_TIMEOUT_MS);
  });
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first;
}

/**
 * Keeps the page's headers as the server sends them now: its policy may have changed without a new release.
 * @param {Response} answer
 */
async function renew(answer) {
  try {
    const bytes = await answer.arrayBuffer();
    if (!(await isComplete()) || (await sha256(bytes)) !== RELEASE.files["/"]) return;
    await (await caches.open(OWN)).put("/", decoded(bytes, answer.headers));
  } catch (error) {
    console.warn("The page is kept as it was:", error);
  }
}

/**
 * One of the files whose names carry their hash: the same wherever it comes from.
 * @param {Request} request
 */
export async function asset(request) {
  return (await kept(new URL(request.url).pathname)) ?? fetch(request);
}

/**
 * What is kept under a path: of this release, or else of another whose pages are still open.
 * @param {string} path
 */
async function kept(path) {
  try {
    const own = await caches.match(path, { cacheName: OWN, ignoreVary: true });
    if (own) return own;
    for (const cacheName of await releases()) {
      const found = await caches.match(path, { cacheName, ignoreVary: true });
      if (found) return found;
    }
  } catch (error) {
    console.warn("What is kept on this computer cannot be read:", error);
  }
  return undefined;
}

/** The names of all releases that are kept here. */
async function releases() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** @type {Promise<void> | undefined} */
let filling;

/** Keeps all files of this release. The page comes last: where it is, everything is. */
export function fill() {
  filling ??= fillOnce()
    .catch((error) => console.warn("The files of this release are not kept on this computer:", error))
    .finally(() => {
      filling = undefined;
    });
  return filling;
}

async function fillOnce() {
  if (await isComplete()) return;
  const cache = await caches.open(OWN);
  const paths = Object.keys(RELEASE.files).filter((path) => path !== "/");
  for (const path of [...paths, "/"]) {
    if (await cache.match(path, { ignoreVary: true })) continue;
    await cache.put(path, await checked(path));
  }
}

async function isComplete() {
  return Boolean(await caches.match("/", { cacheName: OWN, ignoreVary: true }));
}

/**
 * A file that is what the manifest says, from an older release, the browser's own cache or the server.
 * @param {string} path
 */
async function checked(path) {
  for (const find of [() => kept(path), () => fetch(path), () => fetch(path, { cache: "reload" })]) {
    const found = await find();
    if (!found?.ok || found.redirected) continue;
    const bytes = await found.arrayBuffer();
    if ((await sha256(bytes)) !== RELEASE.files[path]) continue;
    return decoded(bytes, found.headers);
  }
  throw new Error(`${path} is not the file of this release`);
}

/**
 * An answer with these bytes, and the headers without what was said about the way they travelled.
 * @param {ArrayBuffer} bytes
 * @param {Headers} given
 */
function decoded(bytes, given) {
  const headers = new Headers(given);
  for (const name of ["Content-Encoding", "Content-Length", "Transfer-Encoding", "Vary"]) headers.delete(name);
  return new Response(bytes, { headers });
}

/** @param {ArrayBuffer} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Deletes the releases that no page runs any more; each page holds a lock with the name of its own. */
export async function tidy() {
  try {
    const { installing, waiting } = scope.registration;
    if (!(await isComplete()) || installing || waiting) return; // a newer one is filling its own
    const { held = [] } = await navigator.locks.query();
    const used = new Set(held.map(({ name }) => name));
    const old = (await releases()).filter((name) => name !== OWN && !used.has(name));
    await Promise.all(old.map((name) => caches.delete(name)));
  } catch (error) {
    console.warn("Old releases stay on this computer:", error);
  }
}
