import { concatBytes, hexToBytes } from "../base/bytes.ts";
import { keccakHash } from "./crypto.ts";
import type { Hash } from "./types/primitives.ts";

/** Version 0 output root: keccak(0 ++ state root ++ storage root of L2ToL1MessagePasser ++ block hash). */
export function outputRoot(stateRoot: Hash, messagePasserStorageRoot: Hash, blockHash: Hash): Hash {
  return keccakHash(
    concatBytes(
      new Uint8Array(32),
      hexToBytes(stateRoot),
      hexToBytes(messagePasserStorageRoot),
      hexToBytes(blockHash),
    ),
  );
}
