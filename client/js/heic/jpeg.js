// @ts-check
// Pixels as a JPEG that keeps the colour profile of the picture they come from, and has no other metadata.

const MARKER = 0xff;
const APP0 = 0xe0;
const APP2 = 0xe2;
const COM = 0xfe;
const SOS = 0xda;
const NAME = new TextEncoder().encode("ICC_PROFILE\0");
const MOST = 65535 - 2 - NAME.length - 2; // bytes of a profile in one segment

/**
 * The bytes of a JPEG of the picture on `canvas`. Not a Blob: Firefox makes no bitmaps of Blobs of another thread.
 * @param {OffscreenCanvas} canvas
 * @param {Uint8Array} profile an ICC profile, or nothing
 * @param {number} quality from 0 to 1
 */
export async function encoded(canvas, profile, quality) {
  const type = "image/jpeg";
  const written = await canvas.convertToBlob({ type, quality });
  if (written.type !== type) throw new Error("this browser writes no JPEG");
  const jpeg = new Uint8Array(await written.arrayBuffer());
  return new Blob(withProfile(jpeg, profile)).arrayBuffer();
}

/**
 * The parts of `jpeg` with this profile, and without any other that the browser has written into it.
 * @param {Bytes} jpeg
 * @param {Uint8Array} profile
 */
export function withProfile(jpeg, profile) {
  const parts = [jpeg.subarray(0, 2)];
  let place = 2;
  let isWritten = false;
  while (jpeg[place] === MARKER && jpeg[place + 1] !== SOS) {
    const marker = jpeg[place + 1];
    const end = place + 2 + (jpeg[place + 2] << 8) + jpeg[place + 3];
    if (marker !== APP0 && !isWritten) {
      parts.push(...segments(profile));
      isWritten = true;
    }
    const isMetadata = marker > APP0 && marker <= APP0 + 15;
    if (!isMetadata && marker !== COM) parts.push(jpeg.subarray(place, end));
    place = end;
  }
  return [...parts, jpeg.subarray(place)];
}

/** @param {Uint8Array} profile */
function segments(profile) {
  const count = Math.ceil(profile.length / MOST);
  return Array.from({ length: count }, (_, index) => {
    const piece = profile.subarray(index * MOST, (index + 1) * MOST);
    const length = 2 + NAME.length + 2 + piece.length;
    return new Uint8Array([MARKER, APP2, length >> 8, length & 255, ...NAME, index + 1, count, ...piece]);
  });
}
