// @ts-check
// Something that is read like a Blob, but lies nowhere in clear: each piece is made when it is asked for. A real Blob of a
// long film might be moved to the disk by the browser.

/**
 * @typedef {object} Source
 * @property {number} size
 * @property {(start: number, stop: number) => Promise<Bytes>} read
 */

/** The part of a Blob's interface that is needed of files here. */
export class LazyBlob {
  isLazy = true;

  /**
   * @param {Source[]} sources one after the other
   * @param {string} [type]
   * @param {string} [name] where it stands for a file
   */
  constructor(sources, type = "", name = "") {
    this.sources = sources;
    this.type = type;
    this.name = name;
    this.size = sources.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Bytes `start` up to `stop`, without reading any.
   * @param {number} start
   * @param {number} stop
   */
  slice(start, stop) {
    /** @type {Source[]} */
    const found = [];
    let at = 0;
    for (const source of this.sources) {
      const first = Math.max(start - at, 0);
      const last = Math.min(stop - at, source.size);
      if (first < last) {
        const { read } = source;
        found.push({ size: last - first, read: (from, to) => read(first + from, first + to) });
      }
      at += source.size;
    }
    return new LazyBlob(found, this.type);
  }

  async arrayBuffer() {
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for (const { size, read } of this.sources) {
      bytes.set(await read(0, size), at);
      at += size;
    }
    return bytes.buffer;
  }

  /** All of it as a real Blob, for decoders that take nothing else: for what is small. */
  async toBlob() {
    return new Blob([await this.arrayBuffer()], { type: this.type });
  }
}

/**
 * One of several, and of bytes.
 * @param {(LazyBlob | Bytes)[]} parts
 * @param {string} type
 */
export function compose(parts, type) {
  const sources = parts.flatMap((part) => (part instanceof LazyBlob ? part.sources : [fixed(part)]));
  return new LazyBlob(sources, type);
}

/**
 * @param {Bytes} bytes
 * @returns {Source}
 */
const fixed = (bytes) => ({
  size: bytes.length,
  read: (start, stop) => Promise.resolve(bytes.slice(start, stop)),
});
