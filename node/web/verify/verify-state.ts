import { concatHex, encodeAbiParameters, keccak256, numberToHex, pad, toHex, zeroHash } from "viem";
import type { ChainClient, ProtocolAddresses } from "../../ai/client/chain.ts";
import { CheckFailed, type CheckList, expectSame } from "../../ai/receipt/checks.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { decodeRlp } from "../../chain/codec/rlp.ts";
import { readProof } from "../../chain/trie/proof.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { L1Side } from "../chain/bridge.ts";
import { type RpcHeader, rlpOfHeader } from "../chain/l1-headers.ts";
import { outputOver } from "../chain/l1-links.ts";

/** Slots of mappings of InferenceMarket, InferenceEpochs and ModelLedger, and places in their structs: see contracts/snapshots/storage.txt. */
export const LAYOUT = {
  requests: 1n,
  claimHash: 8n,
  epochs: 5n,
  root: 7n,
  payoutRoot: 8n,
  models: 1n,
  adapterHash: 6n,
  manifestHash: 9n,
  indexRoot: 11n,
} as const;
/** The account's place of its storage root. */
const STORAGE_ROOT = 2;

/** A value that a contract keeps in a slot of its own. */
export interface Kept {
  what: string;
  contract: Address;
  slot: Hash;
  value: Hash;
}

interface ProofAnswer {
  accountProof: readonly Hex[];
  storageProof: readonly { key: Hex; proof: readonly Hex[] }[];
}

/** What a receipt's claim and model are proved by. */
export async function checkState(
  list: CheckList,
  { receipt, ...sides }: StateSides & { receipt: Receipt; at: ProtocolAddresses },
): Promise<void> {
  const name = "state proof of claim and model";
  const { blockNumber } = await sides.client.public
    .getTransactionReceipt({ hash: receipt.claimTransaction })
    .catch(() => ({ blockNumber: undefined }));
  if (blockNumber === undefined) return list.skip(name, "the node does not know the claim's transaction");
  await proveKept(list, name, sides, { kept: keptBy(receipt, sides.at), since: blockNumber });
}

/** Who tells of the state, and of L1. */
export interface StateSides {
  client: ChainClient;
  /** Undefined where it can't be asked. */
  l1: L1Side | undefined;
}

/**
 * Proves from a state root that contracts keep these values, and the state root from L1 where it can.
 * @param since the block that wrote the last of them.
 */
export async function proveKept(
  list: CheckList,
  name: string,
  { client, l1 }: StateSides,
  { kept, since }: { kept: readonly Kept[]; since: bigint },
): Promise<void> {
  await list.check(name, async () => {
    const output = l1 && (await outputOver(l1, since));
    const block = output?.block ?? (await client.public.getBlockNumber());
    const header = await client.rpc<RpcHeader & { hash: Hash }>("eth_getBlockByNumber", [
      numberToHex(block),
      false,
    ]);
    expectSame("the header's hash", keccak256(rlpOfHeader(header)), header.hash);
    if (output !== undefined) expectSame(`output ${output.index} on L1`, outputOf(header), output.root);
    await prove(client, header.stateRoot, numberToHex(block), kept);
    const root = `${kept.length} slots of both contracts lead to the state root of block ${block}`;
    return output === undefined
      ? `${root}, which is this node's word: L1 ${l1 === undefined ? "can't be asked here" : "has no output of it yet"}`
      : `${root}, which output ${output.index} on L1 commits to`;
  });
}

/** The output root of a block: its state, the withdrawals' storage, and its hash. Source: OP Stack, withdrawals spec. */
function outputOf({ stateRoot, withdrawalsRoot, hash }: RpcHeader & { hash: Hash }): Hash {
  if (withdrawalsRoot == null) throw new CheckFailed("the header names no root of withdrawals");
  return keccak256(concatHex([zeroHash, stateRoot, withdrawalsRoot, hash]));
}

function keptBy({ request, claimHash, model }: Receipt, at: ProtocolAddresses): Kept[] {
  const claim = slotOf(request.requestId, LAYOUT.requests);
  return [
    { what: "claim hash", contract: at.market, slot: plus(claim, LAYOUT.claimHash), value: claimHash },
    ...keptOfModel(request.modelId, model, at),
  ];
}

/** Where the two roots of an epoch stand. */
export function keptOfEpoch(
  epochId: bigint,
  { root, payoutRoot }: { root: Hash; payoutRoot: Hash },
  { epochs: contract }: Pick<ProtocolAddresses, "epochs">,
): Kept[] {
  const epoch = slotOf(epochId, LAYOUT.epochs);
  return [
    { what: "epoch's root", contract, slot: plus(epoch, LAYOUT.root), value: root },
    { what: "epoch's root of payouts", contract, slot: plus(epoch, LAYOUT.payoutRoot), value: payoutRoot },
  ];
}

/** Where a registered model's hashes stand. */
export function keptOfModel(
  modelId: bigint,
  model: Pick<Receipt["model"], "adapterHash" | "manifestHash" | "index">,
  { models: contract }: Pick<ProtocolAddresses, "models">,
): Kept[] {
  const registered = slotOf(modelId, LAYOUT.models);
  const ofModel = { contract };
  return [
    { what: "adapter", ...ofModel, slot: plus(registered, LAYOUT.adapterHash), value: model.adapterHash },
    { what: "manifest", ...ofModel, slot: plus(registered, LAYOUT.manifestHash), value: model.manifestHash },
    { what: "index root", ...ofModel, slot: plus(registered, LAYOUT.indexRoot), value: model.index.root },
  ];
}

/** Where a mapping at `place` has the struct of a number. Source: Solidity, layout of storage. */
function slotOf(key: bigint, place: bigint): Hash {
  return keccak256(encodeAbiParameters([{ type: "uint256" }, { type: "uint256" }], [key, place]));
}

const plus = (slot: Hash, offset: bigint): Hash =>
  numberToHex(BigInt.asUintN(256, BigInt(slot) + offset), { size: 32 });

async function prove(
  client: Pick<ChainClient, "rpc">,
  stateRoot: Hash,
  block: Hex,
  kept: readonly Kept[],
): Promise<void> {
  for (const contract of new Set(kept.map((one) => one.contract))) {
    const own = kept.filter((one) => one.contract === contract);
    const slots = own.map(({ slot }) => slot);
    const answer = await client.rpc<ProofAnswer>("eth_getProof", [contract, slots, block]);
    const storageRoot = storageRootOf(stateRoot, contract, answer.accountProof);
    for (const [i, { what, slot, value }] of own.entries()) {
      const found = readProof(storageRoot, hexToBytes(slot), answer.storageProof[i]?.proof ?? []);
      expectSame(what, wordOf(found), value);
    }
  }
}

function storageRootOf(stateRoot: Hash, contract: Address, proof: readonly Hex[]): Hash {
  const account = readProof(stateRoot, hexToBytes(contract), proof);
  const fields = account === undefined ? undefined : decodeRlp(account);
  const root = fields instanceof Uint8Array ? undefined : fields?.[STORAGE_ROOT];
  if (!(root instanceof Uint8Array)) throw new CheckFailed(`the state has no contract at ${contract}`);
  return bytesToHex(root);
}

/** A slot's value is kept without the zeros before it. */
function wordOf(value: Uint8Array | undefined): Hash {
  const number = value === undefined ? undefined : decodeRlp(value);
  if (!(number instanceof Uint8Array)) return zeroHash;
  return pad(toHex(number), { size: 32 });
}
