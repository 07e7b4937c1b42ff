// @ts-check
// The database of this browser in which drafts and encrypted reports wait: ciphertext, and nothing that says whose it is.
// sealed-drafts.js seals and opens drafts; this module only stores.

const NAME = "picsafe-sealed";
const VERSION = 2;
const DRAFTS = "drafts";
const PIECES = "pieces";
const PACKAGES = "packages";
const WAITING = "picsafe.outbox"; // in localStorage while a report waits: then Python starts at once (python-start.js)

/**
 * @typedef {object} Row a draft
 * @property {string} locator a value that only its owner's secret gives
 * @property {number} endsAt by this computer's clock: whatever is in here, it is deleted then
 * @property {number} version of the form, counted from 1
 * @property {ArrayBuffer} form sealed
 */

/**
 * @typedef {object} Package an encrypted report on its way
 * @property {string} reportId
 * @property {string} token delivers this report and nothing else
 * @property {number} endsAt
 * @property {string} sha256
 * @property {Bytes} hashes of its pieces
 * @property {Blob} blob ciphertext
 * @property {string} draft the locator of the draft that it was made of; "" when there is none
 */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/** The database. Rejects where the browser has none, or refuses it as some do in private windows. */
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) {
        request.result.createObjectStore(DRAFTS, { keyPath: "locator" });
        request.result.createObjectStore(PIECES);
      }
      request.result.createObjectStore(PACKAGES, { keyPath: "reportId" });
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another tab has an older database open"));
    request.onsuccess = () => {
      const found = request.result;
      found.onversionchange = () => found.close(); // a newer release in another tab
      found.onclose = () => {
        opened = undefined;
      };
      resolve(found);
    };
  });
  opened.catch(() => {
    opened = undefined; // the next one asks again
  });
  return opened;
}

/**
 * Runs `work` in one transaction; resolves once it is complete: on the disk, as far as the browser tells.
 * @template T
 * @param {string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(...stores: IDBObjectStore[]) => IDBRequest<T> | void} work
 * @returns {Promise<T>} what the request of `work` gave
 */
async function transaction(stores, mode, work) {
  const found = await database();
  return new Promise((resolve, reject) => {
    const running = found.transaction(stores, mode, { durability: "strict" });
    const request = work(...stores.map((name) => running.objectStore(name)));
    running.oncomplete = () => resolve(/** @type {T} */ (request?.result));
    running.onabort = () => reject(running.error ?? new Error("the browser ended the transaction"));
  });
}

/**
 * All pieces of a draft, or of one of its files.
 * @param {string} locator
 * @param {string} [item]
 */
const piecesOf = (locator, item) =>
  item === undefined
    ? IDBKeyRange.bound([locator], [locator, []])
    : IDBKeyRange.bound([locator, item], [locator, item, []]);

/** Whether drafts can be kept here at all. */
export async function works() {
  try {
    await transaction([DRAFTS], "readonly", (drafts) => drafts.count());
    return true;
  } catch {
    return false;
  }
}

/** How many drafts there are, of all people together. */
export const count = () => transaction([DRAFTS], "readonly", (drafts) => drafts.count());

/**
 * @param {string} locator
 * @returns {Promise<Row | undefined>}
 */
export const read = (locator) => transaction([DRAFTS], "readonly", (drafts) => drafts.get(locator));

/** @param {Row} row */
export const write = (row) => transaction([DRAFTS], "readwrite", (drafts) => void drafts.put(row));

/**
 * @param {string} locator
 * @param {string} item
 * @param {number} number
 * @param {ArrayBuffer} piece
 */
export const writePiece = (locator, item, number, piece) =>
  transaction([PIECES], "readwrite", (pieces) => void pieces.put(piece, [locator, item, number]));

/**
 * @param {string} locator
 * @param {string} item
 * @param {number} number
 * @returns {Promise<ArrayBuffer | undefined>}
 */
export const readPiece = (locator, item, number) =>
  transaction([PIECES], "readonly", (pieces) => pieces.get([locator, item, number]));

/**
 * @param {string} locator
 * @param {string} item
 */
export const removePieces = (locator, item) =>
  transaction([PIECES], "readwrite", (pieces) => void pieces.delete(piecesOf(locator, item)));

/** @param {string} locator */
export const remove = (locator) =>
  transaction([DRAFTS, PIECES], "readwrite", (drafts, pieces) => {
    drafts.delete(locator);
    pieces.delete(piecesOf(locator));
  });

/**
 * Deletes what is over, and pieces that belong to no draft: a browser was killed before the draft was written.
 * @param {number} now
 * @param {(locator: string) => Promise<boolean>} isInUse by another tab
 */
export async function sweep(now, isInUse) {
  /** @type {Row[]} */
  const rows = await transaction([DRAFTS], "readonly", (drafts) => drafts.getAll());
  for (const { locator, endsAt } of rows) if (endsAt <= now) await remove(locator);
  const alive = new Set(rows.filter(({ endsAt }) => endsAt > now).map(({ locator }) => locator));
  const keys = /** @type {[string][]} */ (await transaction([PIECES], "readonly", (pieces) => pieces.getAllKeys()));
  for (const locator of new Set(keys.map(([each]) => each))) {
    if (!alive.has(locator) && !(await isInUse(locator))) await remove(locator);
  }
}

/** @param {Package} found */
export async function writePackage(found) {
  await transaction([PACKAGES], "readwrite", (packages) => void packages.put(found));
  localStorage.setItem(WAITING, "1");
}

/** @returns {Promise<Package[]>} */
export const readPackages = () => transaction([PACKAGES], "readonly", (packages) => packages.getAll());

/**
 * @param {string} reportId
 * @returns {Promise<Package | undefined>}
 */
export const readPackage = (reportId) => transaction([PACKAGES], "readonly", (packages) => packages.get(reportId));

/**
 * Deletes a report that is over; with it the draft that it was made of, if it was delivered.
 * @param {string} reportId
 * @param {boolean} isDelivered
 */
export async function removePackage(reportId, isDelivered) {
  const found = await readPackage(reportId);
  await transaction([PACKAGES, DRAFTS, PIECES], "readwrite", (packages, drafts, pieces) => {
    packages.delete(reportId);
    if (!isDelivered || !found?.draft) return;
    drafts.delete(found.draft);
    pieces.delete(piecesOf(found.draft));
  });
  await noteWaiting();
}

/**
 * Deletes the reports that have expired.
 * @param {number} now
 */
export async function sweepPackages(now) {
  for (const { reportId, endsAt } of await readPackages()) if (endsAt <= now) await removePackage(reportId, false);
  await noteWaiting();
}

async function noteWaiting() {
  if (await transaction([PACKAGES], "readonly", (packages) => packages.count())) localStorage.setItem(WAITING, "1");
  else localStorage.removeItem(WAITING);
}
