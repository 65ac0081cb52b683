import { bytesToHex, hexToBytes, unpadBytes } from "../../base/bytes.ts";
import { hashHeader } from "../../chain/codec/header.ts";
import { encodeRlp } from "../../chain/codec/rlp.ts";
import { type Genesis, type GenesisAccount, genesisHeader } from "../../chain/config/genesis.ts";
import { L2_TO_L1_MESSAGE_PASSER } from "../../chain/constants.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import type { FlatChange, FlatDiff, StateWrite } from "../../store/types.ts";
import { encodeAccount, NO_CODE, type StoredAccount } from "./account.ts";
import { encodeFlatAccount, flatSlotKey } from "./flat-record.ts";
import { NodeStore } from "./node-store.ts";
import { codeWrite } from "./stored-code.ts";
import { EMPTY_TRIE, updateTrie } from "./trie.ts";

/** Block 0 with everything that must be stored with it. */
export interface GenesisState {
  block: Block;
  stateWrites: readonly StateWrite[];
  flat: FlatDiff;
}

interface Made {
  writes: StateWrite[];
  flat: FlatChange[];
}

function writeAccount(
  nodes: NodeStore,
  account: GenesisAccount,
  key: Uint8Array,
  { writes, flat }: Made,
): StoredAccount {
  const slots = account.storage.map(([slot, value]) => ({
    key: keccak256(hexToBytes(slot)),
    value: unpadBytes(hexToBytes(value)),
  }));
  for (const slot of slots) {
    flat.push({ key: flatSlotKey(key, slot.key), before: undefined, after: slot.value });
  }
  const updates = slots.map((slot) => ({ key: slot.key, value: encodeRlp(slot.value) }));
  const storageRoot = updateTrie(nodes, EMPTY_TRIE, updates, (key, value) => writes.push({ key, value }));
  const codeHash = account.code.length === 0 ? NO_CODE : keccak256(account.code);
  if (account.code.length > 0) writes.push(codeWrite(codeHash, account.code));
  const stored = { nonce: account.nonce, balance: account.balance, storageRoot, codeHash };
  flat.push({ key, before: undefined, after: encodeFlatAccount(stored) });
  return stored;
}

/** Makes the genesis block and its state. */
export function makeGenesis(genesis: Genesis): GenesisState {
  const nodes = new NodeStore({ get: () => undefined });
  const writes: StateWrite[] = [];
  const flat: FlatChange[] = [];
  let messagePasserRoot = EMPTY_TRIE;
  const updates = genesis.alloc.map((account) => {
    const key = keccak256(hexToBytes(account.address));
    const stored = writeAccount(nodes, account, key, { writes, flat });
    if (account.address === L2_TO_L1_MESSAGE_PASSER) messagePasserRoot = stored.storageRoot;
    return { key, value: encodeAccount(stored) };
  });
  const root = updateTrie(nodes, EMPTY_TRIE, updates, (key, value) => writes.push({ key, value }));
  const header = genesisHeader(genesis, bytesToHex(root), bytesToHex(messagePasserRoot));
  return {
    block: { hash: hashHeader(header), header, transactions: [] },
    stateWrites: writes,
    flat: { parentRoot: bytesToHex(EMPTY_TRIE), root: bytesToHex(root), changes: flat, wiped: [] },
  };
}
