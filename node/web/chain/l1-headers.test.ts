import { createBlockHeader } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { bytesToHex, keccak256 } from "viem";
import { expect, test } from "vitest";
import { l1HeadersOf, type RpcHeader } from "./l1-headers.ts";

const hash = (byte: string) => `0x${byte.repeat(32)}` as const;

/** A header of another implementation, as JSON-RPC gives it, and its hash. */
function headerOf(hardfork: Hardfork): { json: RpcHeader; hash: string } {
  const common = new Common({ chain: Mainnet, hardfork });
  const isPrague = hardfork === Hardfork.Prague;
  const header = createBlockHeader(
    {
      ...{
        parentHash: hash("11"),
        stateRoot: hash("22"),
        transactionsTrie: hash("33"),
        receiptTrie: hash("44"),
      },
      ...{ number: 23_000_000n, gasLimit: 36_000_000n, gasUsed: 12_345n, timestamp: 1_755_000_000n },
      ...{ extraData: "0x6f70", mixHash: hash("55"), baseFeePerGas: 7n },
      ...(isPrague && {
        ...{ withdrawalsRoot: hash("66"), blobGasUsed: 131_072n, excessBlobGas: 0n },
        ...{ parentBeaconBlockRoot: hash("77"), requestsHash: hash("88") },
      }),
    },
    { common, setHardfork: false },
  );
  const { uncleHash, coinbase, transactionsTrie, receiptTrie, logsBloom, ...rest } =
    header.toJSON() as Record<string, string>;
  const json = {
    ...rest,
    ...{ sha3Uncles: uncleHash, miner: coinbase, transactionsRoot: transactionsTrie },
    ...{ receiptsRoot: receiptTrie, logsBloom },
  };
  return { json: json as unknown as RpcHeader, hash: bytesToHex(header.hash()) };
}

test.each([Hardfork.Paris, Hardfork.Prague])(
  "headers of %s are the bytes that their hashes are of",
  async (fork) => {
    const { json, hash: expected } = headerOf(fork);
    const asked: unknown[] = [];
    const rpc = async <T>(method: string, params: readonly unknown[]) => {
      asked.push([method, ...params]);
      return json as T;
    };
    const [first, second] = await l1HeadersOf({ rpc })(23_000_000n, 2);
    expect(keccak256(first!)).toBe(expected);
    expect(second).toBe(first);
    expect(asked).toEqual([
      ["eth_getBlockByNumber", "0x15ef3c0", false],
      ["eth_getBlockByNumber", "0x15ef3bf", false],
    ]);
  },
);
