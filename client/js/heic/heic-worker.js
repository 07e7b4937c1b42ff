// @ts-check
// Decodes HEIC photos, out of the page's thread and under a policy of its own that lets it reach nothing
// (http/security_headers.py): what a hostile file made of the decoder could neither send anything nor touch the page.
//
// heic.js gives it the compiled library, then one photo at a time: either to make a JPEG of, or to help with. A worker that
// is to make a JPEG of a photo in tiles says in how many rows, gets which of them to decode, and gets the others from
// the workers that help.
import "./umd.js";
import "../../npm/libheif-js/libheif-wasm/libheif.js";
import { encoded } from "./jpeg.js";
import { Picture } from "./picture.js";

/** @type {Libheif} */
let library;
/** @type {{ id: number, picture: Picture, tiling: ReturnType<Picture["tiling"]> } | undefined} */
let open;
/** @type {{ canvas: OffscreenCanvas, context: OffscreenCanvasRenderingContext2D, quality: number, left: number } | undefined} */
let drawing;

addEventListener("message", async ({ data }) => {
  try {
    if (data.module) {
      library = instantiated(data.module);
      postMessage({ ready: true });
    } else if (data.close) {
      close();
    } else if (data.strip) {
      await draw(data.strip);
    } else if (data.row !== undefined) {
      await decodeRow(data);
    } else {
      await begin(data);
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

/** @param {{ id: number, photo: Blob, quality: number }} job */
async function begin({ id, photo, quality }) {
  const { picture, tiling } = await opened(id, photo);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true }); // in memory, where it is to be read
  if (!context) throw new Error("there is no room for the picture");
  drawing = { canvas, context, quality, left: tiling?.rows ?? 1 };
  if (tiling) postMessage({ rows: tiling.rows });
  else await draw({ pixels: picture.pixels(), top: 0 });
}

/** @param {{ id: number, photo: Blob, row: number }} job */
async function decodeRow({ id, photo, row }) {
  const { picture, tiling } = await opened(id, photo);
  if (!tiling) throw new Error("the picture has no tiles");
  const strip = picture.row(tiling, row);
  if (!drawing) return postMessage({ strip }, [strip.pixels.data.buffer]);
  await draw(strip);
  if (drawing) postMessage({ drawn: row });
}

/**
 * Draws a part of the picture; with the last one the JPEG is made.
 * @param {{ pixels: ImageData, top: number }} strip
 */
async function draw({ pixels, top }) {
  if (!drawing || !open) throw new Error("there is nothing to draw on");
  const { canvas, context, quality } = drawing;
  context.putImageData(pixels, 0, top);
  drawing.left--;
  if (drawing.left > 0) return;
  const profile = open.picture.profile();
  close();
  const jpeg = await encoded(canvas, profile, quality);
  canvas.width = canvas.height = 0;
  postMessage({ jpeg }, [jpeg]);
}

/**
 * @param {number} id
 * @param {Blob} photo
 */
async function opened(id, photo) {
  if (open?.id === id) return open;
  close();
  const picture = new Picture(library, new Uint8Array(await photo.arrayBuffer()));
  open = { id, picture, tiling: undefined };
  open.tiling = picture.tiling();
  return open;
}

function close() {
  open?.picture.close();
  open = drawing = undefined;
}

/** @param {string} _line libheif's own words, which may hold parts of a file */
function ignore(_line) {}
