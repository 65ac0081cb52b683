import { bytesToHex, hexToBytes, unpadBytes } from "../../base/bytes.ts";
import { hashHeader } from "../../chain/codec/header.ts";
import { encodeRlp } from "../../chain/codec/rlp.ts";
import { type Genesis, type GenesisAccount, genesisHeader } from "../../chain/config/genesis.ts";
import { L2_TO_L1_MESSAGE_PASSER } from "../../chain/constants.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import type { StateWrite } from "../../store/types.ts";
import { decodeAccount, encodeAccount, NO_CODE } from "./account.ts";
import { NodeStore } from "./node-store.ts";
import { EMPTY_TRIE, updateTrie } from "./trie.ts";
import { codeKey } from "./types.ts";

/** Block 0 with everything that must be stored with it. */
export interface GenesisState {
  block: Block;
  stateWrites: readonly StateWrite[];
}

function writeAccount(nodes: NodeStore, account: GenesisAccount, writes: StateWrite[]): Uint8Array {
  const updates = account.storage.map(([slot, value]) => ({
    key: keccak256(hexToBytes(slot)),
    value: encodeRlp(unpadBytes(hexToBytes(value))),
  }));
  const storageRoot = updateTrie(nodes, EMPTY_TRIE, updates, (key, value) => writes.push({ key, value }));
  const codeHash = account.code.length === 0 ? NO_CODE : keccak256(account.code);
  if (account.code.length > 0) writes.push({ key: codeKey(codeHash), value: account.code });
  return encodeAccount({ nonce: account.nonce, balance: account.balance, storageRoot, codeHash });
}

/** Makes the genesis block and its state. */
export function makeGenesis(genesis: Genesis): GenesisState {
  const nodes = new NodeStore({ get: () => undefined });
  const writes: StateWrite[] = [];
  let messagePasserRoot = EMPTY_TRIE;
  const updates = genesis.alloc.map((account) => {
    const value = writeAccount(nodes, account, writes);
    if (account.address === L2_TO_L1_MESSAGE_PASSER) {
      messagePasserRoot = decodeAccount(value).storageRoot;
    }
    return { key: keccak256(hexToBytes(account.address)), value };
  });
  const root = updateTrie(nodes, EMPTY_TRIE, updates, (key, value) => writes.push({ key, value }));
  const header = genesisHeader(genesis, bytesToHex(root), bytesToHex(messagePasserRoot));
  return { block: { hash: hashHeader(header), header, transactions: [] }, stateWrites: writes };
}
