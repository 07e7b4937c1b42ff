// @ts-check
// What Python cannot do fast: the loop over 16 KiB chunks with WebCrypto, and digests of long streams.
// Python calls these once for a few MiB, with typed arrays that never enter its memory; py/picsafe_client/crypto/webcrypto.py
// is the other side. The format is that of picsafe_protocol/crypto/chunked.py.
import "../npm/hash-wasm/dist/sha256.umd.min.js";
import "../npm/hash-wasm/dist/crc32.umd.min.js";

const CHUNK = 16384;
const TAG = 16;
const SEALED = CHUNK + TAG;
const NONCE = 12;
const PIECE = 256 * 1024; // bytes of a package that have a hash of their own: picsafe_protocol/crypto/package_digest.py
const HASH = 32;
const LANES = 16; // chunks under way at once: enough to keep the browser's crypto threads busy, few enough to stop soon
const PIECE_LANES = 4; // pieces under way at once: WebCrypto copies each, and has few threads

const ALGORITHM = "AES-GCM";
const { createSHA256, createCRC32 } = globalThis.hashwasm;

/** An error that Python tells from all others by its name. */
class ChunkError extends Error {
  /**
   * @param {"Tampered" | "Truncated"} name
   * @param {string} message
   */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/**
 * A key for `openChunks` and `sealChunks` that no script can read back.
 * @param {Bytes} raw 32 bytes; they are wiped
 */
export async function importKey(raw) {
  try {
    return await crypto.subtle.importKey("raw", raw, ALGORITHM, false, ["encrypt", "decrypt"]);
  } finally {
    raw.fill(0);
  }
}

/**
 * Decrypts consecutive sealed chunks, the first of them number `firstChunk`; only the last may be shorter than 16400.
 * Throws an error named "Tampered" when one of them does not authenticate, "Truncated" when the last has no whole tag.
 * @param {CryptoKey} key
 * @param {Bytes} baseNonce
 * @param {number} firstChunk
 * @param {Bytes} sealed
 * @param {Bytes} [spent] an earlier result that nobody uses any more: where it is large enough it is overwritten. Allocating
 *   that much memory takes a third of the time.
 */
export async function openChunks(key, baseNonce, firstChunk, sealed, spent) {
  const count = Math.max(1, Math.ceil(sealed.length / SEALED));
  if (sealed.length - (count - 1) * SEALED < TAG) {
    throw new ChunkError("Truncated", "the last chunk is shorter than its tag");
  }
  const length = sealed.length - count * TAG;
  const isReused = spent !== undefined && spent.buffer.byteLength >= length;
  const plaintext = isReused ? new Uint8Array(spent.buffer, 0, length) : new Uint8Array(length);
  await inLanes(count, baseNonce, firstChunk, async (index, iv) => {
    const chunk = sealed.subarray(index * SEALED, (index + 1) * SEALED);
    let opened;
    try {
      opened = await crypto.subtle.decrypt({ name: ALGORITHM, iv }, key, chunk);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "OperationError") throw error;
      throw new ChunkError("Tampered", `chunk ${firstChunk + index} does not authenticate`);
    }
    plaintext.set(new Uint8Array(opened), index * CHUNK);
  });
  return plaintext;
}

/**
 * The reverse: full chunks, then a short one if bytes are left over. No bytes at all make one empty chunk.
 * @param {CryptoKey} key
 * @param {Bytes} baseNonce
 * @param {number} firstChunk
 * @param {Bytes} plaintext
 */
export async function sealChunks(key, baseNonce, firstChunk, plaintext) {
  const count = Math.max(1, Math.ceil(plaintext.length / CHUNK));
  const sealed = new Uint8Array(plaintext.length + count * TAG);
  await inLanes(count, baseNonce, firstChunk, async (index, iv) => {
    const chunk = plaintext.subarray(index * CHUNK, (index + 1) * CHUNK);
    sealed.set(new Uint8Array(await crypto.subtle.encrypt({ name: ALGORITHM, iv }, key, chunk)), index * SEALED);
  });
  return sealed;
}

/**
 * Runs `work(index, nonce)` for the chunks 0 up to `count`, `LANES` at a time. The first failure is thrown, after what had
 * begun has ended. A nonce is base_nonce XOR chunk, big-endian; a chunk number has at most 53 bits here. Each lane has one
 * array for its nonces: WebCrypto copies it when it is called.
 * @param {number} count
 * @param {Bytes} baseNonce
 * @param {number} firstChunk
 * @param {(index: number, nonce: Bytes) => Promise<void>} work
 */
async function inLanes(count, baseNonce, firstChunk, work) {
  const base = new DataView(baseNonce.buffer, baseNonce.byteOffset, NONCE);
  const [high, low] = [base.getUint32(4), base.getUint32(8)];
  let next = 0;
  let failed = false;
  async function lane() {
    const nonce = new Uint8Array(NONCE);
    nonce.set(baseNonce);
    const view = new DataView(nonce.buffer);
    while (next < count && !failed) {
      const index = next++;
      const chunk = firstChunk + index;
      view.setUint32(4, high ^ Math.floor(chunk / 2 ** 32));
      view.setUint32(8, low ^ (chunk % 2 ** 32));
      try {
        await work(index, nonce);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(LANES, count) }, lane));
  const failure = lanes.find((each) => each.status === "rejected");
  if (failure) throw failure.reason;
}

/** SHA-256 of bytes that come piece by piece: `update(Uint8Array)`, then once `hex()`. */
export async function createDigest() {
  const hasher = (await createSHA256()).init();
  return {
    /** @param {Uint8Array} bytes */
    update: (bytes) => void hasher.update(bytes),
    hex: () => hasher.digest("hex"),
  };
}

/**
 * SHA-256 of bytes that are all there, as hex: faster than `createDigest`, and off the main thread.
 * @param {Bytes} bytes
 */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The SHA-256 of each piece of bytes that begin where a piece begins, one after the other.
 * @param {Bytes} bytes
 */
export async function hashPieces(bytes) {
  const count = Math.ceil(bytes.length / PIECE);
  const hashes = new Uint8Array(count * HASH);
  let next = 0;
  async function lane() {
    while (next < count) {
      const index = next++;
      const piece = bytes.subarray(index * PIECE, (index + 1) * PIECE);
      hashes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", piece)), index * HASH);
    }
  }
  await Promise.all(Array.from({ length: Math.min(PIECE_LANES, count) }, lane));
  return hashes;
}

/** CRC-32 (as in zip) of bytes that come piece by piece: `update(Uint8Array)`, then once `value()`, a number. */
export async function createCrc32() {
  const hasher = (await createCRC32()).init();
  return {
    /** @param {Uint8Array} bytes */
    update: (bytes) => void hasher.update(bytes),
    value: () => Number.parseInt(hasher.digest("hex"), 16),
  };
}

/**
 * CRC-32 (as in zip) of bytes that are all there.
 * @param {Uint8Array} bytes
 */
export async function crc32(bytes) {
  const checksum = await createCrc32();
  checksum.update(bytes);
  return checksum.value();
}
