// @ts-check
// Drafts of the sending form on this computer, sealed: AES-256-GCM under a key that is derived from a secret of the user
// server, which it gives to the same person only. Each record is bound to the draft, the person, its place and the number
// of all, so that none can be changed, moved, cut off or brought to another draft. Media never enter Python's memory.
import { LazyBlob } from "./lazy-blob.js";
import * as store from "./sealed-store.js";

export { compose } from "./lazy-blob.js";
export { count } from "./sealed-store.js";

const FORMAT = "picsafe-draft-1";
const PIECE = 1024 * 1024; // bytes of a file that are sealed at a time
const NONCE = 12;
const TAG = 16;
const ALGORITHM = "AES-GCM";
const LIFETIME_MS = 24 * 3600 * 1000; // limits.SEALED_DRAFT_HOURS
const KEPT_PIECES = 2; // opened pieces that are kept for the next read: parsers read a few bytes at a time

const encoder = new TextEncoder();

/** An error that Python tells from all others by its name. */
class DraftError extends Error {
  /**
   * @param {"DraftDamaged" | "DraftClosed" | "DraftInUse"} name
   * @param {string} message
   */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** What this browser promises: whether drafts can be kept, and whether it may delete them on its own. */
export async function promise() {
  const { storage } = navigator;
  const [works, persisted, estimate] = await Promise.all([
    store.works(),
    storage?.persisted?.().catch(() => false) ?? false,
    storage?.estimate?.().catch(() => ({})) ?? {},
  ]);
  const { quota, usage } = /** @type {StorageEstimate} */ (estimate);
  return { works, persisted, free: quota === undefined ? -1 : Math.max(0, quota - (usage ?? 0)) };
}

/** Asks the browser not to delete anything on its own. Some ask the person, so this follows a click. */
export const persist = async () => Boolean(await navigator.storage?.persist?.().catch(() => false));

/** Deletes what is over, of all people, and what a killed browser left half-written. */
export async function sweep() {
  try {
    if (indexedDB.databases && !(await indexedDB.databases()).some(({ name }) => name === "picsafe-sealed")) return;
    await store.sweep(Date.now(), isInUse);
    await store.sweepPackages(Date.now());
  } catch (error) {
    console.warn("What waits on this computer could not be looked through:", error);
  }
}

/** @param {string} locator */
const lockName = (locator) => `picsafe-draft-${locator}`;

/** @param {string} locator */
async function isInUse(locator) {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.some(({ name }) => name === lockName(locator));
}

/**
 * A new draft of the person; it is in the database once its form has been written.
 * @param {string} id
 * @param {string} account
 * @param {Bytes} secret it is wiped
 */
export async function begin(id, account, secret) {
  const draft = await SealedDraft.of(id, account, secret);
  await draft.lock();
  return draft;
}

/**
 * The draft that this secret opens, locked for this tab; undefined when it is not on this computer, or another tab has it.
 * @param {string} id
 * @param {string} account
 * @param {Bytes} secret it is wiped
 */
export async function find(id, account, secret) {
  const draft = await SealedDraft.of(id, account, secret);
  const row = await store.read(draft.locator);
  if (!row || row.endsAt <= Date.now()) return undefined;
  if ((await store.readPackages()).some(({ draft: locator }) => locator === draft.locator)) return undefined; // it is on its way
  try {
    await draft.lock();
  } catch {
    return undefined;
  }
  draft.endsAt = row.endsAt;
  draft.version = row.version;
  return draft;
}

class SealedDraft {
  /** @type {CryptoKey | null} Null once it is closed: then nothing of it can be read in this page. */
  key;
  version = 0;
  endsAt = Date.now() + LIFETIME_MS;
  /** @type {() => void} */
  release = () => {};
  /** @type {Map<string, Bytes>} */
  kept = new Map();
  /** @type {Promise<unknown>} The last change: one after the other. */
  last = Promise.resolve();

  /**
   * @param {string} id
   * @param {string} account
   * @param {string} locator
   * @param {CryptoKey} key
   */
  constructor(id, account, locator, key) {
    this.id = id;
    this.account = account;
    this.locator = locator;
    this.key = key;
  }

  /**
   * @param {string} id
   * @param {string} account
   * @param {Bytes} secret
   */
  static async of(id, account, secret) {
    const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits", "deriveKey"]);
    secret.fill(0);
    /** @param {string} use */
    const parameters = (use) => ({
      name: "HKDF",
      hash: "SHA-256",
      salt: new Uint8Array(),
      info: encoder.encode(JSON.stringify([FORMAT, use, id, account])),
    });
    const place = new Uint8Array(await crypto.subtle.deriveBits(parameters("locator"), material, 256));
    const locator = Array.from(place, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const aes = { name: ALGORITHM, length: 256 };
    const key = await crypto.subtle.deriveKey(parameters("key"), material, aes, false, ["encrypt", "decrypt"]);
    return new SealedDraft(id, account, locator, key);
  }

  /** For this tab alone, until it is closed. Throws "DraftInUse" where another one has it. */
  async lock() {
    if (!navigator.locks) return;
    await new Promise((resolve, reject) => {
      navigator.locks.request(lockName(this.locator), { ifAvailable: true }, (lock) => {
        if (!lock) {
          reject(new DraftError("DraftInUse", "another tab has it"));
          return undefined;
        }
        return new Promise((release) => {
          this.release = () => release(undefined);
          resolve(undefined);
        });
      });
    });
  }

  /** Drops the key and everything that was opened. What is stored stays, and no other tab gets it. */
  forget() {
    this.key = null;
    this.kept.clear();
  }

  /** The same; from now on another tab may open it. */
  close() {
    this.forget();
    this.release();
  }

  /** Deletes it from this computer. */
  async discard() {
    this.forget();
    await this.last.catch(() => {});
    await store.remove(this.locator);
    this.release();
  }

  /**
   * Seals the form. What was written before is replaced.
   * @param {string} text
   */
  writeForm(text) {
    return this.#afterwards(async () => {
      const version = this.version + 1;
      const form = await this.#seal(encoder.encode(text), ["form", version]);
      this.#check();
      await store.write({ locator: this.locator, endsAt: this.endsAt, version, form });
      this.version = version;
    });
  }

  /** The form as it was last sealed. */
  async readForm() {
    const row = await store.read(this.locator);
    if (!row) throw new DraftError("DraftDamaged", "it is gone");
    return new TextDecoder().decode(await this.#open(row.form, ["form", row.version]));
  }

  /**
   * Seals a file piece by piece. `goesOn` is asked before each: false when the file was taken away.
   * @param {string} item a name that no other file of this draft ever had
   * @param {Blob} file
   * @param {(bytes: number) => boolean} goesOn told how many bytes are sealed
   */
  async sealFile(item, file, goesOn) {
    const total = Math.max(1, Math.ceil(file.size / PIECE));
    for (let number = 0; number < total; number++) {
      if (!goesOn(Math.min(number * PIECE, file.size))) return false;
      const bytes = new Uint8Array(await file.slice(number * PIECE, (number + 1) * PIECE).arrayBuffer());
      const piece = await this.#seal(bytes, ["file", item, number, total, file.size]);
      this.#check();
      await store.writePiece(this.locator, item, number, piece);
    }
    return true;
  }

  /** @param {string} item */
  removeFile(item) {
    return this.#afterwards(() => store.removePieces(this.locator, item));
  }

  /**
   * A file that was sealed: opened where it is read.
   * @param {string} item
   * @param {number} size
   * @param {string} type
   * @param {string} name
   */
  file(item, size, type, name) {
    const total = Math.max(1, Math.ceil(size / PIECE));
    /** @type {import("./lazy-blob.js").Source["read"]} */
    const read = async (start, stop) => {
      const bytes = new Uint8Array(stop - start);
      for (let number = Math.floor(start / PIECE); number * PIECE < stop; number++) {
        const piece = await this.#piece(item, number, total, size);
        const from = Math.max(start - number * PIECE, 0);
        const to = Math.min(stop - number * PIECE, PIECE);
        bytes.set(piece.subarray(from, to), number * PIECE + from - start);
      }
      return bytes;
    };
    return new LazyBlob([{ size, read }], type, name);
  }

  /**
   * @param {string} item
   * @param {number} number
   * @param {number} total
   * @param {number} size
   */
  async #piece(item, number, total, size) {
    this.#check();
    const name = `${item} ${number}`;
    const known = this.kept.get(name);
    if (known) return known;
    const sealed = await store.readPiece(this.locator, item, number);
    if (!sealed) throw new DraftError("DraftDamaged", "a piece is missing");
    const opened = await this.#open(sealed, ["file", item, number, total, size]);
    this.#check();
    this.kept.set(name, opened);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT_PIECES && oldest !== undefined) this.kept.delete(oldest);
    return opened;
  }

  #check() {
    if (!this.key) throw new DraftError("DraftClosed", "the page has been locked");
    return this.key;
  }

  /** @param {(string | number)[]} place */
  #context(place) {
    return encoder.encode(JSON.stringify([FORMAT, this.id, this.account, ...place]));
  }

  /**
   * @param {Bytes} bytes
   * @param {(string | number)[]} place
   */
  async #seal(bytes, place) {
    const iv = crypto.getRandomValues(new Uint8Array(NONCE));
    const settings = { name: ALGORITHM, iv, additionalData: this.#context(place) };
    const sealed = new Uint8Array(NONCE + bytes.length + TAG);
    sealed.set(iv);
    sealed.set(new Uint8Array(await crypto.subtle.encrypt(settings, this.#check(), bytes)), NONCE);
    return sealed.buffer;
  }

  /**
   * @param {ArrayBuffer} sealed
   * @param {(string | number)[]} place
   */
  async #open(sealed, place) {
    const settings = { name: ALGORITHM, iv: new Uint8Array(sealed, 0, NONCE), additionalData: this.#context(place) };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(settings, this.#check(), new Uint8Array(sealed, NONCE)));
    } catch (error) {
      if (error instanceof DraftError) throw error;
      throw new DraftError("DraftDamaged", "it is not what was sealed here");
    }
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #afterwards(work) {
    const done = this.last.then(work, work);
    this.last = done.catch(() => {});
    return done;
  }
}
