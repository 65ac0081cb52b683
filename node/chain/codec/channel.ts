import { promisify } from "node:util";
import { brotliCompress, brotliDecompressSync, constants } from "node:zlib";
import { concatBytes, joinBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import { FJORD_MAX_RLP_BYTES_PER_CHANNEL } from "../rules/chain-spec.ts";
import { decompressZlib } from "./inflate.ts";
import { encodeRlp } from "./rlp.ts";

/** First byte of a channel compressed with brotli (Fjord). */
export const CHANNEL_VERSION_BROTLI = 0x01;
/** Low half of the first byte of a zlib stream, which begins a channel without a version; 15 counts as one and never is. */
const ZLIB_METHODS: ReadonlySet<number> = new Set([8, 15]);

/** op-node's input pieces: what is left of a 4,096-byte buffer after the version byte, then 32 KiB each. */
const FIRST_PIECE_BYTES = 4_095;
const PIECE_BYTES = 32_768;
/** One more input byte can add no more than the rest of a meta-block and the next one: 16 MiB each. */
const MAX_GROWTH_PER_BYTE = 40 * 1024 * 1024;

function invalid(reason: string, cause?: unknown): CodedError {
  return chainError("CHANNEL_INVALID", { message: `Channel: ${reason}.`, cause });
}

type Outcome = { kind: "output"; output: Uint8Array } | { kind: "corrupt" } | { kind: "too large" };

function tryDecompress(input: Uint8Array, maxOutput: number): Outcome {
  try {
    // A flush instead of an end: the output of a cut-off stream is what its bytes give.
    const output = brotliDecompressSync(input, {
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: maxOutput,
    });
    return { kind: "output", output: new Uint8Array(output.buffer, output.byteOffset, output.byteLength) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { kind: code === "ERR_BUFFER_TOO_LARGE" ? "too large" : "corrupt" };
  }
}

/** The output for the longest of the prefixes 0…count that has one, or the first one found to reach the limit. */
function longestOutput(
  input: Uint8Array,
  count: number,
  length: (index: number) => number,
  limit: number,
): { index: number; output: Uint8Array } {
  let good = 0;
  let bad = count;
  let output: Uint8Array = new Uint8Array(0);
  while (bad - good > 1 && output.length < limit) {
    const middle = (good + bad) >> 1;
    const outcome = tryDecompress(input.subarray(0, length(middle)), limit + MAX_GROWTH_PER_BYTE);
    if (outcome.kind === "output") {
      good = middle;
      output = outcome.output;
    } else {
      bad = middle;
    }
  }
  return { index: good, output };
}

/**
 * Decompresses as far as op-node does: a cut-off stream gives its output, a corrupt one the output of the input pieces
 * completed before the error, and at most `limit` bytes ever count. Bytes after the stream's end are ignored.
 */
export function decompressBrotli(input: Uint8Array, limit: number): Uint8Array {
  const maxOutput = limit + MAX_GROWTH_PER_BYTE;
  const whole = tryDecompress(input, maxOutput);
  if (whole.kind === "output") return whole.output.subarray(0, limit);
  const pieces = Math.ceil(Math.max(0, input.length - FIRST_PIECE_BYTES) / PIECE_BYTES) + 1;
  const pieceEnd = (index: number) =>
    index === 0 ? 0 : Math.min(input.length, FIRST_PIECE_BYTES + (index - 1) * PIECE_BYTES);
  let best = longestOutput(input, pieces, pieceEnd, limit);
  if (best.output.length >= limit) return best.output.subarray(0, limit);
  const next = tryDecompress(input.subarray(0, pieceEnd(best.index + 1)), maxOutput);
  if (next.kind === "too large") {
    // The limit lies within a piece: byte by byte, the output reaches beyond it before it grows too large.
    const start = pieceEnd(best.index);
    const bytes = pieceEnd(best.index + 1) - start;
    best = longestOutput(input, bytes, (index) => start + index, limit);
  }
  return best.output.subarray(0, limit);
}

export interface ChannelLimits {
  /** Decompressed bytes that count. */
  maxBytes: number;
  /** False before Fjord: then there is only zlib. */
  brotli: boolean;
}

function decompress(channel: Uint8Array, { maxBytes, brotli }: ChannelLimits): Uint8Array {
  const version = channel[0];
  if (version === undefined) throw invalid("empty");
  if (ZLIB_METHODS.has(version & 0x0f)) {
    const output = decompressZlib(channel, maxBytes);
    if (output === undefined) throw invalid("no zlib stream");
    return output;
  }
  if (version !== CHANNEL_VERSION_BROTLI) throw invalid(`unknown version ${version}`);
  if (!brotli) throw invalid("brotli before Fjord");
  return decompressBrotli(channel.subarray(1), maxBytes);
}

/**
 * Reads a channel's batches one by one. Ends for good at the first thing that is no batch: what was read stays valid.
 * Spec: derivation, "Channel Format".
 */
export class ChannelReader {
  private readonly data: Uint8Array;
  private offset = 0;

  /** @throws CodedError `CHANNEL_INVALID` when the channel is empty or of an unknown version: it is dropped. */
  constructor(channel: Uint8Array, limits: ChannelLimits) {
    this.data = decompress(channel, limits);
  }

  /** The next batch's bytes, type byte first; undefined at the end. */
  next(): Uint8Array | undefined {
    const batch = this.string();
    if (batch === undefined) this.close();
    return batch;
  }

  /** Drops what is left. */
  close(): void {
    this.offset = this.data.length;
  }

  /** One RLP string in its shortest form, or undefined. */
  private string(): Uint8Array | undefined {
    const prefix = this.data[this.offset];
    if (prefix === undefined || prefix >= 0xc0) return undefined;
    if (prefix < 0x80) return this.take(this.offset, 1);
    if (prefix <= 0xb7) {
      const bytes = this.take(this.offset + 1, prefix - 0x80);
      return bytes?.length === 1 && bytes[0]! < 0x80 ? undefined : bytes;
    }
    const lengthBytes = this.data.subarray(this.offset + 1, this.offset + 1 + prefix - 0xb7);
    if (lengthBytes.length < prefix - 0xb7 || lengthBytes[0] === 0) return undefined;
    let length = 0;
    for (const byte of lengthBytes) length = length * 256 + byte;
    return length < 56 ? undefined : this.take(this.offset + 1 + lengthBytes.length, length);
  }

  private take(start: number, length: number): Uint8Array | undefined {
    if (length > this.data.length - start) return undefined;
    this.offset = start + length;
    return this.data.subarray(start, this.offset);
  }
}

/**
 * Of op-batcher's default, 10, this makes one percent more bytes of a mixed load, none of plain transfers, in a thirtieth of
 * the time or less.
 */
const BROTLI_QUALITY = 6;
const compress = promisify(brotliCompress);

/**
 * A channel's bytes: version, then brotli over the batches, each an RLP string. The same batches give the same bytes.
 * Compresses off this thread. @throws CodedError `CHANNEL_INVALID`.
 */
export async function encodeChannel(batches: readonly Uint8Array[]): Promise<Uint8Array> {
  const content = joinBytes(batches.map((batch) => encodeRlp(batch)));
  if (content.length > FJORD_MAX_RLP_BYTES_PER_CHANNEL) throw invalid("too long");
  const compressed = await compress(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  return concatBytes(Uint8Array.of(CHANNEL_VERSION_BROTLI), compressed);
}
