import type { L1Headers } from "../ai/verify/seed-recorder.ts";
import { bytesToHex } from "../base/bytes.ts";
import { encodeHeader } from "../chain/codec/header.ts";
import type { Hex } from "../chain/types/primitives.ts";
import { createL1Rpc, type L1Rpc } from "../rollup/l1/rpc.ts";
import { verifyHeader } from "../rollup/l1/verify.ts";

/** L1 headers of the first node of `urls` that has them; each is checked against its hash. */
export function l1Headers(urls: readonly string[]): L1Headers {
  const nodes = urls.map((url) => createL1Rpc({ url }));
  return async (from, count) => {
    let failure: unknown;
    for (const rpc of nodes) {
      try {
        return await headersOf(rpc, from, count);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };
}

async function headersOf(rpc: L1Rpc, from: bigint, count: number): Promise<Hex[]> {
  const headers: Hex[] = [];
  for (let number = from; number > from - BigInt(count); number--) {
    const answer = await rpc("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    headers.push(bytesToHex(encodeHeader(verifyHeader(answer))));
  }
  return headers;
}
