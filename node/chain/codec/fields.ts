import { bytesToBigInt } from "../../base/bytes.ts";
import { type ChainErrorCode, chainError } from "../errors.ts";

/** Reads typed fields out of decoded RLP; every failure carries `code` and the field's name. */
export interface FieldReader {
  fixed(value: unknown, length: number, name: string): Uint8Array;
  bytes(value: unknown, name: string): Uint8Array;
  uint(value: unknown, bits: number, name: string): bigint;
  list(value: unknown, name: string): readonly unknown[];
}

export function fieldReader(code: ChainErrorCode, what: string): FieldReader {
  const fail = (reason: string) => chainError(code, { message: `${what}: ${reason}.` });
  const bytes = (value: unknown, name: string): Uint8Array => {
    if (!(value instanceof Uint8Array)) throw fail(`${name} is not a byte string`);
    return value;
  };
  return {
    bytes,
    fixed(value, length, name) {
      const data = bytes(value, name);
      if (data.length !== length) throw fail(`${name} has ${data.length} bytes instead of ${length}`);
      return data;
    },
    uint(value, bits, name) {
      const data = bytes(value, name);
      if (data[0] === 0) throw fail(`${name} has a leading zero byte`);
      if (data.length * 8 > bits) throw fail(`${name} exceeds ${bits} bits`);
      return bytesToBigInt(data);
    },
    list(value, name) {
      if (!Array.isArray(value)) throw fail(`${name} is not a list`);
      return value;
    },
  };
}
