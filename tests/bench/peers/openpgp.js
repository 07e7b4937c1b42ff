// openpgp.js as its README has it for speed: AEAD of RFC 9580 (`aeadProtect`) with AES-256-GCM, which WebCrypto computes; a session key,
// so that nothing but decrypting is measured. Whole or as a stream, in chunks of the default size or of the largest.
import * as openpgp from "openpgp";

const LARGEST = 16; // 4 MiB; its default is 12, 256 KiB
const PIECE = 1 << 20; // of the stream that it reads

const sessionKey = { data: crypto.getRandomValues(new Uint8Array(32)), algorithm: "aes256", aeadAlgorithm: "gcm" };
let encrypted;

/** Names of the ways to decrypt; the first part of each is what `prepare` needs. */
export const ways = ["256 KiB, whole", "256 KiB, stream", "4 MiB, whole", "4 MiB, stream"];

export async function prepare(plaintext, way) {
  const config = {
    aeadProtect: true,
    preferredAEADAlgorithm: openpgp.enums.aead.gcm,
    aeadChunkSizeByte: way.startsWith("4") ? LARGEST : openpgp.config.aeadChunkSizeByte,
  };
  encrypted = null;
  const message = await openpgp.createMessage({ binary: plaintext });
  encrypted = await openpgp.encrypt({ message, sessionKey, format: "binary", config });
}

/** Decrypts everything; the number of bytes that came out. */
export async function decrypt(way) {
  const isStream = way.endsWith("stream");
  const message = await openpgp.readMessage({ binaryMessage: isStream ? streamed(encrypted) : encrypted });
  const { data } = await openpgp.decrypt({ message, sessionKeys: sessionKey, format: "binary" });
  if (!isStream) return data.length;
  let total = 0;
  for await (const piece of data) total += piece.length;
  return total;
}

function streamed(bytes) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, at + PIECE));
      at += PIECE;
    },
  });
}
