/** Lower-case hex with 0x. Hashes and addresses are strings (they are compared and used as keys); payload bytes are `Uint8Array`. */
export type Hex = `0x${string}`;
/** 32 bytes. */
export type Hash = Hex;
/** 20 bytes, lower case, no checksum. */
export type Address = Hex;

export interface BlockId {
  hash: Hash;
  number: bigint;
}
