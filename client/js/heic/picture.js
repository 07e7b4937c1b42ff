// @ts-check
// One HEIC picture, read by libheif from memory: its size, its colour profile and its pixels.

const RGB = 1; // heif_colorspace_RGB
const RGBA = 11; // heif_chroma_interleaved_RGBA: 8 bits, whatever the file has
const INTERLEAVED = 10; // heif_channel_interleaved
const ERROR_BYTES = 12; // heif_error: code, subcode, address of a message
const MOST_PROFILE = 1024 * 1024; // bytes of a colour profile; those of cameras have some hundred
const WHITE = 255;

/**
 * The primary picture of `file`, for `use`; all that it took of libheif's memory is free afterwards.
 * @template T
 * @param {Libheif} library
 * @param {Bytes} file
 * @param {(picture: Picture) => T} use
 */
export function withPicture(library, file, use) {
  const error = library._malloc(ERROR_BYTES + 8);
  const result = error + ERROR_BYTES;
  const source = library._malloc(file.length);
  const context = library._heif_context_alloc();
  let handle = 0;
  try {
    library.HEAPU8.set(file, source);
    library._heif_context_read_from_memory_without_copy(error, context, source, file.length, 0);
    check(library, error);
    library._heif_context_get_primary_image_handle(error, context, result);
    check(library, error);
    handle = library.HEAP32[result >> 2];
    return use(new Picture(library, handle, error));
  } finally {
    if (handle) library._heif_image_handle_release(handle);
    library._heif_context_free(context);
    library._free(source);
    library._free(error);
  }
}

class Picture {
  /**
   * @param {Libheif} library
   * @param {number} handle
   * @param {number} error address of room for an error, and behind it for two numbers
   */
  constructor(library, handle, error) {
    this.library = library;
    this.handle = handle;
    this.error = error;
    this.result = error + ERROR_BYTES;
  }

  /** The ICC profile, or nothing. */
  profile() {
    const { library, handle, error } = this;
    const size = library._heif_image_handle_get_raw_color_profile_size(handle);
    if (size === 0 || size > MOST_PROFILE) return new Uint8Array();
    const target = library._malloc(size);
    try {
      library._heif_image_handle_get_raw_color_profile(error, handle, target);
      check(library, error);
      return library.HEAPU8.slice(target, target + size);
    } finally {
      library._free(target);
    }
  }

  /** All pixels, upright, on white where they are transparent. */
  pixels() {
    const { library, handle, error, result } = this;
    library._heif_decode_image(error, handle, result, RGB, RGBA, 0);
    check(library, error);
    return this.#taken(library.HEAP32[result >> 2]);
  }

  /**
   * The pixels of a decoded image, which is released.
   * @param {number} image
   */
  #taken(image) {
    const { library, handle, result } = this;
    try {
      const width = library._heif_image_get_width(image, INTERLEAVED);
      const height = library._heif_image_get_height(image, INTERLEAVED);
      const start = library._heif_image_get_plane_readonly(image, INTERLEAVED, result);
      const stride = library.HEAP32[result >> 2];
      const pixels = new Uint8ClampedArray(width * height * 4);
      for (let row = 0; row < height; row++) {
        const from = start + row * stride;
        pixels.set(library.HEAPU8.subarray(from, from + width * 4), row * width * 4);
      }
      if (library._heif_image_handle_has_alpha_channel(handle)) {
        lieOnWhite(pixels, library._heif_image_is_premultiplied_alpha(image) !== 0);
      }
      return new ImageData(pixels, width, height);
    } finally {
      library._heif_image_release(image);
    }
  }
}

/**
 * @param {Libheif} library
 * @param {number} error
 */
function check(library, error) {
  const code = library.HEAP32[error >> 2];
  if (code !== 0) throw new Error(`libheif: error ${code}, ${library.HEAP32[(error >> 2) + 1]}`);
}

/**
 * JPEG has no transparency.
 * @param {Uint8ClampedArray} pixels RGBA
 * @param {boolean} isPremultiplied
 */
function lieOnWhite(pixels, isPremultiplied) {
  for (let at = 0; at < pixels.length; at += 4) {
    const opacity = pixels[at + 3] / WHITE;
    const own = isPremultiplied ? 1 : opacity;
    for (let channel = at; channel < at + 3; channel++) {
      pixels[channel] = pixels[channel] * own + WHITE * (1 - opacity);
    }
    pixels[at + 3] = WHITE;
  }
}
