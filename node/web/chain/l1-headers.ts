import type { ChainClient } from "../../ai/client/chain.ts";
import type { L1Headers } from "../../ai/verify/seed-recorder.ts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { encodeHeader } from "../../chain/codec/header.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";

type Optional =
  | "baseFeePerGas"
  | "withdrawalsRoot"
  | "blobGasUsed"
  | "excessBlobGas"
  | "parentBeaconBlockRoot"
  | "requestsHash";
/** A header as JSON-RPC gives it. */
export type RpcHeader = Record<Exclude<keyof BlockHeader, Optional>, Hex> &
  Partial<Record<Optional, Hex | null>>;

/** Headers of an L1 node in RLP. Nobody has to believe them: the chain compares each with a hash that it knows. */
export function l1HeadersOf(client: Pick<ChainClient, "rpc">): L1Headers {
  return async (from, count) => {
    const headers: Hex[] = [];
    for (let number = from; number > from - BigInt(count); number--) {
      const params = [`0x${number.toString(16)}`, false] as const;
      headers.push(rlpOfHeader(await client.rpc<RpcHeader>("eth_getBlockByNumber", params)));
    }
    return headers;
  };
}

/** A header's RLP. */
export function rlpOfHeader(header: RpcHeader): Hex {
  const number = (value: Hex | null | undefined) => (value == null ? undefined : BigInt(value));
  const hash = (value: Hex | null | undefined): Hash | undefined => value ?? undefined;
  return bytesToHex(
    encodeHeader({
      parentHash: header.parentHash,
      sha3Uncles: header.sha3Uncles,
      miner: header.miner,
      stateRoot: header.stateRoot,
      transactionsRoot: header.transactionsRoot,
      receiptsRoot: header.receiptsRoot,
      logsBloom: hexToBytes(header.logsBloom),
      difficulty: BigInt(header.difficulty),
      number: BigInt(header.number),
      gasLimit: BigInt(header.gasLimit),
      gasUsed: BigInt(header.gasUsed),
      timestamp: BigInt(header.timestamp),
      extraData: hexToBytes(header.extraData),
      mixHash: header.mixHash,
      nonce: hexToBytes(header.nonce),
      baseFeePerGas: number(header.baseFeePerGas),
      withdrawalsRoot: hash(header.withdrawalsRoot),
      blobGasUsed: number(header.blobGasUsed),
      excessBlobGas: number(header.excessBlobGas),
      parentBeaconBlockRoot: hash(header.parentBeaconBlockRoot),
      requestsHash: hash(header.requestsHash),
    }),
  );
}
