import { bytesToHex } from "viem";
import { evidenceOf, makeIndex } from "../../precompiles/testing/fixture.ts";
import {
  BOND,
  CONTRIBUTORS,
  claimWith,
  deployProtocol,
  HOST,
  marketCall,
  must,
  request,
} from "../../precompiles/testing/protocol.ts";
import type { Bench, Figure } from "./figure.ts";

/** Gas of whole transactions, their own 21,000 and the calldata's floor included: the optimistic claim, and the one with its proof. */
async function claimFigure(dimension: number, topK: number): Promise<Figure> {
  const fixture = makeIndex({ rows: 2000, dimension, topK, floor: 0n, contributions: CONTRIBUTORS, seed: 3 });
  const { records, paths } = evidenceOf(fixture);
  const gasOf = async (name: string, more: readonly unknown[]) => {
    const protocol = await deployProtocol(fixture);
    await request(protocol);
    const data = marketCall(name, [claimWith(protocol, fixture.list), bytesToHex(fixture.query), ...more]);
    return Number(await must(protocol, protocol.market, data, { from: HOST, value: BOND }));
  };
  return {
    what: `proved claim, ${topK} of 2,000 rows of ${dimension.toLocaleString("en")}`,
    unit: "gas",
    ours: await gasOf("claimProved", [records, paths]),
    peer: { name: "optimistic claim", value: await gasOf("claim", []) },
  };
}

/** What it costs a host to prove a claim at once. */
export const provedClaimBench: Bench = {
  name: "proved-claim",
  run: async () => [await claimFigure(512, 8), await claimFigure(512, 16), await claimFigure(4096, 16)],
};
