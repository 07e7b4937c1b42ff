// libsodium's secretstream (XChaCha20-Poly1305), which is WebAssembly on the main thread, in chunks of several sizes.
import sodium from "libsodium-wrappers-sumo";

await sodium.ready;
const key = sodium.crypto_secretstream_xchacha20poly1305_keygen();
const { crypto_secretstream_xchacha20poly1305_ABYTES: TAG } = sodium;
let header, encrypted;

/** Names of the ways to decrypt: chunks of so many KiB. */
export const ways = ["16 KiB", "64 KiB", "256 KiB", "1024 KiB", "4096 KiB"];

const chunkOf = (way) => Number.parseInt(way, 10) * 1024;

export async function prepare(plaintext, way) {
  const chunk = chunkOf(way);
  const pushing = sodium.crypto_secretstream_xchacha20poly1305_init_push(key);
  header = pushing.header;
  encrypted = null;
  encrypted = new Uint8Array(plaintext.length + Math.ceil(plaintext.length / chunk) * TAG);
  for (let at = 0, to = 0; at < plaintext.length; at += chunk) {
    const piece = plaintext.subarray(at, at + chunk);
    const sealed = sodium.crypto_secretstream_xchacha20poly1305_push(pushing.state, piece, null, 0);
    encrypted.set(sealed, to);
    to += sealed.length;
  }
}

/** Decrypts everything; the number of bytes that came out. */
export async function decrypt(way) {
  const chunk = chunkOf(way) + TAG;
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(header, key);
  let total = 0;
  for (let at = 0; at < encrypted.length; at += chunk) {
    const opened = sodium.crypto_secretstream_xchacha20poly1305_pull(state, encrypted.subarray(at, at + chunk));
    if (!opened) throw new Error("a chunk does not authenticate");
    total += opened.message.length;
  }
  return total;
}
