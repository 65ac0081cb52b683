import { concatBytes } from "@ethereumjs/util";

const BLOCK_BYTES = 65_536;

/**
 * Brotli with a 4 MiB window and `content` in stored meta-blocks, without the end of the stream: each output byte lies at a
 * known place. RFC 7932, sections 9.1 and 9.2.
 */
export function storedBrotli(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < content.length; offset += BLOCK_BYTES) {
    const block = content.subarray(offset, offset + BLOCK_BYTES);
    // Not last, 16-bit length, uncompressed; the first header follows the four bits of the window size.
    const bits = ((block.length - 1) << 3) | (1 << 19);
    const header = offset === 0 ? (bits << 4) | 0b1011 : bits;
    parts.push(Uint8Array.of(header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff), block);
  }
  return concatBytes(...parts);
}

/** The start of a meta-block that sets a reserved bit: an error wherever it stands. */
export const BROKEN_META_BLOCK = Uint8Array.of(0x0e);
