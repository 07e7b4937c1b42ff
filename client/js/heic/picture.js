// @ts-check
// One HEIC picture, read by libheif from memory: its size, its colour profile and its pixels, whole or by rows of tiles.

const RGB = 1; // heif_colorspace_RGB
const RGBA = 11; // heif_chroma_interleaved_RGBA: 8 bits, whatever the file has
const INTERLEAVED = 10; // heif_channel_interleaved
const ERROR_BYTES = 12; // heif_error: code, subcode, address of a message
const TILING_BYTES = 72; // heif_image_tiling
const MOST_PROFILE = 1024 * 1024; // bytes of a colour profile; those of cameras have some hundred
const MOST_SIDE = 11586; // of a square of PHOTO_PIXELS (picsafe_protocol/contracts/limits.py), which Python has checked before
const WHITE = 255;

/**
 * How the tiles of a picture lie when it stands upright: the first column and row may begin outside it.
 * @typedef {{ columns: number, rows: number, width: number, height: number, left: number, top: number }} Tiling
 */

export class Picture {
  /**
   * The primary picture of a file. `close` gives back all that it takes of libheif's memory.
   * @param {Libheif} library
   * @param {Bytes} file
   */
  constructor(library, file) {
    this.library = library;
    this.handle = 0;
    this.error = library._malloc(ERROR_BYTES + 4 + TILING_BYTES);
    this.result = this.error + ERROR_BYTES;
    this.source = library._malloc(file.length);
    this.context = library._heif_context_alloc();
    try {
      library._heif_context_set_maximum_image_size_limit(this.context, MOST_SIDE);
      library.HEAPU8.set(file, this.source);
      library._heif_context_read_from_memory_without_copy(this.error, this.context, this.source, file.length, 0);
      this.#check();
      library._heif_context_get_primary_image_handle(this.error, this.context, this.result);
      this.#check();
      this.handle = this.#number();
    } catch (error) {
      this.close();
      throw error;
    }
    this.width = library._heif_image_handle_get_width(this.handle);
    this.height = library._heif_image_handle_get_height(this.handle);
  }

  close() {
    const { library } = this;
    if (this.handle) library._heif_image_handle_release(this.handle);
    library._heif_context_free(this.context);
    library._free(this.source);
    library._free(this.error);
  }

  /** The ICC profile, or nothing. */
  profile() {
    const { library, handle, error } = this;
    const size = library._heif_image_handle_get_raw_color_profile_size(handle);
    if (size === 0 || size > MOST_PROFILE) return new Uint8Array();
    const target = library._malloc(size);
    try {
      library._heif_image_handle_get_raw_color_profile(error, handle, target);
      this.#check();
      return library.HEAPU8.slice(target, target + size);
    } finally {
      library._free(target);
    }
  }

  /**
   * Its tiles, where decoding them one by one gives the same pixels: not of a cropped or transparent picture.
   * @returns {Tiling | undefined}
   */
  tiling() {
    const { library, handle, error } = this;
    const place = this.result + 4;
    library._heif_image_handle_get_image_tiling(error, handle, 1, place);
    this.#check();
    const numbers = library.HEAP32.subarray(place >> 2, (place + TILING_BYTES) >> 2);
    const [, columns, rows, width, height, wholeWidth, wholeHeight, topShown, leftShown] = numbers;
    const isWhole = wholeWidth === this.width && wholeHeight === this.height;
    if (columns * rows < 2 || !isWhole || library._heif_image_handle_has_alpha_channel(handle)) return undefined;
    // Where the first tile is cut, libheif says how much of it is seen.
    const [left, top] = [leftShown && leftShown - width, topShown && topShown - height];
    return { columns, rows, width, height, left, top };
  }

  /** All pixels, upright, on white where they are transparent. */
  pixels() {
    const { library, handle, error, result } = this;
    library._heif_decode_image(error, handle, result, RGB, RGBA, 0);
    this.#check();
    const image = this.#number();
    try {
      const found = this.#view(image);
      const pixels = new ImageData(found.width, found.height);
      copy(found, pixels, 0, 0);
      if (library._heif_image_handle_has_alpha_channel(handle)) {
        lieOnWhite(pixels.data, library._heif_image_is_premultiplied_alpha(image) !== 0);
      }
      return pixels;
    } finally {
      library._heif_image_release(image);
    }
  }

  /**
   * The pixels of one row of tiles, and where they begin.
   * @param {Tiling} tiling
   * @param {number} row
   */
  row({ columns, width, height, left, top }, row) {
    const { library, handle, error, result } = this;
    const start = top + row * height;
    const [first, last] = [Math.max(0, start), Math.min(this.height, start + height)];
    const pixels = new ImageData(this.width, last - first);
    for (let column = 0; column < columns; column++) {
      library._heif_image_handle_decode_image_tile(error, handle, result, RGB, RGBA, 0, column, row);
      this.#check();
      const image = this.#number();
      try {
        copy(this.#view(image), pixels, left + column * width, start - first);
      } finally {
        library._heif_image_release(image);
      }
    }
    return { pixels, top: first };
  }

  /** @param {number} image */
  #view(image) {
    const { library, result } = this;
    const width = library._heif_image_get_width(image, INTERLEAVED);
    const height = library._heif_image_get_height(image, INTERLEAVED);
    const start = library._heif_image_get_plane_readonly(image, INTERLEAVED, result);
    return { bytes: library.HEAPU8, start, stride: this.#number(), width, height };
  }

  #number() {
    return this.library.HEAP32[this.result >> 2];
  }

  #check() {
    const [code, subcode] = this.library.HEAP32.subarray(this.error >> 2);
    if (code !== 0) throw new Error(`libheif: error ${code}, ${subcode}`);
  }
}

/**
 * Copies what fits of a decoded image to a place in `target`, which may begin outside it.
 * @param {{ bytes: Uint8Array, start: number, stride: number, width: number, height: number }} image
 * @param {ImageData} target
 * @param {number} left
 * @param {number} top
 */
function copy({ bytes, start, stride, width, height }, target, left, top) {
  const [from, to] = [Math.max(0, -left), Math.min(width, target.width - left)];
  const [first, last] = [Math.max(0, -top), Math.min(height, target.height - top)];
  for (let row = first; row < last; row++) {
    const line = start + row * stride;
    const place = ((top + row) * target.width + left + from) * 4;
    target.data.set(bytes.subarray(line + from * 4, line + to * 4), place);
  }
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
