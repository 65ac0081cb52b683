import { bytesToHex } from "../../../base/bytes.ts";
import { EMPTY_CODE_HASH, ZERO_HASH } from "../../../chain/constants.ts";
import type { Address, Hash, Hex } from "../../../chain/types/primitives.ts";
import type { StateReader } from "../../../execution/evm/executor.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { addressParam, arrayParam, blockParam, hashParam, objectParam, slotParam } from "../../params.ts";
import { requireHeader } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods, type TxPool } from "../../types.ts";

const MAX_PROOF_KEYS = 1024;
const MAX_STORAGE_VALUES = 1024;

/** Accounts, code, storage and proofs. */
export function stateMethods(chain: ChainReader, state: StateReader, pool: TxPool | undefined): RpcMethods {
  return {
    eth_getBalance: async (params) => {
      const address = addressParam(params[0], 0);
      const { stateRoot } = await requireHeader(chain, params, 1);
      return quantity((await state.account(stateRoot, address))?.balance ?? 0n);
    },
    eth_getTransactionCount: async (params) => {
      const address = addressParam(params[0], 0);
      const { stateRoot } = await requireHeader(chain, params, 1);
      const block = blockParam(params[1], 1);
      const pending = "tag" in block && block.tag === "pending" ? pool?.pendingNonce(address) : undefined;
      return quantity(pending ?? (await state.account(stateRoot, address))?.nonce ?? 0n);
    },
    eth_getCode: async (params) => {
      const address = addressParam(params[0], 0);
      const { stateRoot } = await requireHeader(chain, params, 1);
      return bytesToHex(await state.code(stateRoot, address));
    },
    eth_getStorageAt: async (params) => {
      const address = addressParam(params[0], 0);
      const slot = slotParam(params[1], 1);
      const { stateRoot } = await requireHeader(chain, params, 2);
      return bytesToHex(await state.storage(stateRoot, address, slot));
    },
    eth_getStorageValues: async (params) => {
      const wanted = storageRequest(params[0]);
      const { stateRoot } = await requireHeader(chain, params, 1);
      const result: Record<string, Hex[]> = {};
      for (const [address, slots] of wanted) {
        const values = await Promise.all(slots.map((slot) => state.storage(stateRoot, address, slot)));
        result[address] = values.map((value) => bytesToHex(value));
      }
      return result;
    },
    eth_getProof: async (params) => {
      const address = addressParam(params[0], 0);
      const keys = arrayParam(params[1], 1, "storage keys", MAX_PROOF_KEYS);
      const slots = keys.map((key) => slotParam(key, 1));
      const { stateRoot } = await requireHeader(chain, params, 2);
      const { account, accountProof, storageProof } = await state.proof(stateRoot, address, slots);
      // geth answers zero hashes for an absent account; an empty one cannot exist since EIP-161.
      const isAbsent = account.nonce === 0n && account.balance === 0n && account.codeHash === EMPTY_CODE_HASH;
      return {
        address,
        accountProof,
        balance: quantity(account.balance),
        codeHash: isAbsent ? ZERO_HASH : account.codeHash,
        nonce: quantity(account.nonce),
        storageHash: isAbsent ? ZERO_HASH : account.storageRoot,
        storageProof: storageProof.map(({ value, proof }, index) => ({
          key: proofKey(String(keys[index]), slots[index]!),
          value: quantity(value),
          proof,
        })),
      };
    },
  };
}

/** Addresses with slots of 32 bytes, some at least and {@link MAX_STORAGE_VALUES} at most in all. */
function storageRequest(value: unknown): Map<Address, readonly Hash[]> {
  const wanted = new Map<Address, readonly Hash[]>();
  let total = 0;
  for (const [key, slots] of Object.entries(objectParam(value, 0, "storage request"))) {
    if (!Array.isArray(slots)) throw invalidArgument(0, "slots must be an array");
    total += slots.length;
    if (total > MAX_STORAGE_VALUES) {
      throw new RpcError(RPC_CODE.clientLimit, `too many slots (max ${MAX_STORAGE_VALUES})`);
    }
    wanted.set(
      addressParam(key, 0),
      slots.map((slot) => hashParam(slot, 0)),
    );
  }
  if (total === 0) throw new RpcError(RPC_CODE.invalidParams, "empty request");
  return wanted;
}

/** geth gives a key back as it was written: 32 bytes in full, a shorter one as a quantity. */
function proofKey(asked: string, slot: Hex): Hex {
  return asked.length === 66 ? slot : quantity(BigInt(slot));
}
