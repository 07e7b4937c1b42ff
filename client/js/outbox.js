// @ts-check
// Encrypted reports that are on their way, kept in this browser until they are delivered: after a reload, a lock or a
// closed page they go on. What is here is ciphertext, and a token that delivers this very package.
import * as store from "./sealed-store.js";

/**
 * Keeps a report. Its draft is offered to nobody meanwhile. Rejects where the browser cannot.
 * @param {string} reportId
 * @param {string} token
 * @param {number} endsAt milliseconds by this computer's clock
 * @param {Blob} blob
 * @param {string} sha256
 * @param {Bytes} hashes
 * @param {string} draft its locator; "" when there is none
 */
export const keep = (reportId, token, endsAt, blob, sha256, hashes, draft) =>
  store.writePackage({ reportId, token, endsAt, blob, sha256, hashes, draft });

/** The identifiers of the reports that wait, none where the browser keeps nothing. */
export async function waiting() {
  const known = !indexedDB.databases || (await indexedDB.databases()).some(({ name }) => name === "picsafe-sealed");
  return known ? (await store.readPackages()).map(({ reportId }) => reportId) : [];
}

/**
 * A report, once no other tab delivers it; undefined when it has been delivered. `release` gives it back.
 * @param {string} reportId
 */
export async function claim(reportId) {
  const release = await locked(reportId);
  const found = await store.readPackage(reportId);
  if (found && found.endsAt > Date.now()) return { ...found, release };
  release();
  return undefined;
}

/**
 * Waits until no other tab of this browser delivers this report.
 * @param {string} reportId
 * @returns {Promise<() => void>} ends it
 */
export function locked(reportId) {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    navigator.locks.request(`picsafe-outbox-${reportId}`, () => {
      return new Promise((release) => resolve(() => release(undefined)));
    });
  });
}

/**
 * It is over. When it was delivered, its draft is deleted; otherwise the draft is offered again.
 * @param {string} reportId
 * @param {boolean} isDelivered
 */
export const remove = (reportId, isDelivered) => store.removePackage(reportId, isDelivered);
