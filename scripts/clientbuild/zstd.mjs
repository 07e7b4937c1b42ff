// Compresses a file with Zstandard, which Python 3.11 cannot.   task: { input: file, output: file, level: 1 to 19 }
import { readFile, writeFile } from "node:fs/promises";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

const { input, output, level } = JSON.parse(process.argv[2]);
const content = await readFile(input);
const compressed = zstdCompressSync(content, {
  params: {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_contentSizeFlag]: 1,
    [constants.ZSTD_c_checksumFlag]: 0,
    [constants.ZSTD_c_windowLog]: 23, // 8 MiB, the most that RFC 9659 lets a browser expect
  },
  pledgedSrcSize: content.length,
});
if (!zstdDecompressSync(compressed).equals(content)) throw new Error("what was compressed does not come back");
await writeFile(output, compressed);
