// What the worker uses of libheif-js: the C functions of libheif, as Emscripten exports them. A function that returns a
// `heif_error` takes the address for it first; addresses are numbers.

/** Bytes in memory of their own. */
type Bytes = Uint8Array<ArrayBuffer>;

interface Libheif {
  HEAPU8: Uint8Array<ArrayBuffer>;
  HEAP32: Int32Array;
  _malloc(size: number): number;
  _free(address: number): void;
  _heif_context_alloc(): number;
  _heif_context_free(context: number): void;
  _heif_context_set_maximum_image_size_limit(context: number, side: number): void;
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    address: number,
    size: number,
    options: number,
  ): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
  _heif_image_handle_release(handle: number): void;
  _heif_image_handle_get_width(handle: number): number;
  _heif_image_handle_get_height(handle: number): number;
  _heif_image_handle_has_alpha_channel(handle: number): number;
  _heif_image_handle_get_raw_color_profile_size(handle: number): number;
  _heif_image_handle_get_raw_color_profile(error: number, handle: number, target: number): void;
  _heif_image_handle_get_image_tiling(error: number, handle: number, isTransformed: number, tiling: number): void;
  _heif_image_handle_decode_image_tile(
    error: number,
    handle: number,
    image: number,
    colourSpace: number,
    chroma: number,
    options: number,
    column: number,
    row: number,
  ): void;
  _heif_decode_image(
    error: number,
    handle: number,
    image: number,
    colourSpace: number,
    chroma: number,
    options: number,
  ): void;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
  _heif_image_is_premultiplied_alpha(image: number): number;
  _heif_image_release(image: number): void;
}

interface LibheifOptions {
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => object,
  ): object;
  print(line: string): void;
  printErr(line: string): void;
}

/** As heic/umd.js keeps it. */
declare var libheif: (options: LibheifOptions) => Libheif;

declare module "*/npm/libheif-js/libheif-wasm/libheif.js" {}
