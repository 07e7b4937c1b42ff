// @ts-check
// Decodes HEIC photos, out of the page's thread and under a policy of its own that lets it reach nothing
// (http/security_headers.py): what a hostile file made of the decoder could neither send anything nor touch the page.
// heic.js gives it the compiled library, then one photo at a time.
import "./umd.js";
import "../../npm/libheif-js/libheif-wasm/libheif.js";
import { encoded } from "./jpeg.js";
import { withPicture } from "./picture.js";

/** @type {Libheif} */
let library;

addEventListener("message", async ({ data }) => {
  try {
    if (data.module) {
      library = instantiated(data.module);
      postMessage({ ready: true });
    } else {
      postMessage({ jpeg: await jpegOf(data.photo, data.quality) });
    }
  } catch (error) {
    postMessage({ error: String(error) }); // heic.js ends this worker, as nobody knows what state its memory is in
  }
});

addEventListener("messageerror", () => postMessage({ error: "the library did not come through" }));

/** @param {WebAssembly.Module} module */
function instantiated(module) {
  return globalThis.libheif({
    instantiateWasm: (imports, receive) => receive(new WebAssembly.Instance(module, imports), module),
    print: ignore,
    printErr: ignore,
  });
}

/**
 * @param {Blob} photo
 * @param {number} quality
 */
async function jpegOf(photo, quality) {
  const file = new Uint8Array(await photo.arrayBuffer());
  const { pixels, profile } = withPicture(library, file, (picture) => ({
    pixels: picture.pixels(),
    profile: picture.profile(),
  }));
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  const context = canvas.getContext("2d", { willReadFrequently: true }); // in memory, where it is to be read
  if (!context) throw new Error("there is no room for the picture");
  context.putImageData(pixels, 0, 0);
  try {
    return await encoded(canvas, profile, quality);
  } finally {
    canvas.width = canvas.height = 0;
  }
}

/** @param {string} _line libheif's own words, which may hold parts of a file */
function ignore(_line) {}
