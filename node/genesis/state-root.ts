import { RLP } from "@ethereumjs/rlp";
import { bigIntToUnpaddedBytes, bytesToHex, hexToBytes, unpadBytes } from "@ethereumjs/util";
import { keccak256 } from "../chain/crypto.ts";
import type { GenesisAccount } from "../chain/genesis.ts";
import { trieRoot } from "../chain/trie-root.ts";
import type { Hash } from "../chain/types/primitives.ts";

/** Root of an account's storage trie. */
export function storageRoot(storage: GenesisAccount["storage"]): Hash {
  const entries = storage.map(
    ([slot, value]) => [keccak256(hexToBytes(slot)), RLP.encode(unpadBytes(hexToBytes(value)))] as const,
  );
  return bytesToHex(trieRoot(entries));
}

/** Root of the state that holds exactly these accounts. */
export function stateRoot(alloc: readonly GenesisAccount[]): Hash {
  const entries = alloc.map((account) => {
    const fields = [
      bigIntToUnpaddedBytes(account.nonce),
      bigIntToUnpaddedBytes(account.balance),
      hexToBytes(storageRoot(account.storage)),
      keccak256(account.code),
    ];
    return [keccak256(hexToBytes(account.address)), RLP.encode(fields)] as const;
  });
  return bytesToHex(trieRoot(entries));
}
