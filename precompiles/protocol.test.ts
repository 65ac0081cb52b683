import { bytesToHex, decodeErrorResult, encodeFunctionData, keccak256 } from "viem";
import { beforeEach, describe, expect, it } from "vitest";
import { claimChallengesAbi, iInfluenceVerifierAbi } from "../node/chain/generated/abi.ts";
import { balanceOf, CALLER, call, compiled } from "./testing/evm.ts";
import { evidenceOf, makeIndex } from "./testing/fixture.ts";
import {
  BOND,
  COIN,
  CONTRIBUTORS,
  claimWith,
  contributor,
  deployProtocol,
  drawable,
  ESCROW,
  HOST,
  marketCall,
  must,
  type Protocol,
  request,
  SALT,
  TREASURY,
  WATCHER,
  WINDOW,
} from "./testing/protocol.ts";

describe.skipIf(compiled("InferenceMarket") === undefined)("protocol contracts over the precompiles", () => {
  let p: Protocol;
  beforeEach(async () => {
    p = await deployProtocol(
      makeIndex({ rows: 2000, dimension: 512, topK: 16, floor: 0n, contributions: CONTRIBUTORS, seed: 3 }),
    );
  });

  it("settles a proved claim: contributors are credited, every wei of the escrow is accounted for", async () => {
    const { list, query } = p.fixture;
    const { records, paths } = evidenceOf(p.fixture);
    await request(p);
    const payerBefore = await balanceOf(p.evm, CALLER);
    const hostBefore = await balanceOf(p.evm, HOST);
    const proved = marketCall("claimProved", [claimWith(p, list), bytesToHex(query), records, paths]);
    const claimGas = await must(p, p.market, proved, { from: HOST, value: BOND });
    p.now += WINDOW;
    const settleGas = await must(p, p.market, marketCall("settle", [[claimWith(p, list)]]));
    const net = (40n * COIN + 20n * 3n * COIN) / 1000n;
    const platform = net / 9n;
    const share = net / 2n;
    const total = list.weights.reduce((sum, weight) => sum + weight, 0n);
    let paid = 0n;
    for (const [i, id] of list.contributionIds.entries()) {
      const amount = await balanceOf(p.evm, contributor(Number(id)));
      const exact = (share * list.weights[i]!) / total;
      expect(amount === exact || amount === exact + 1n).toBe(true);
      paid += amount;
    }
    expect(paid).toBe(share);
    expect(await balanceOf(p.evm, TREASURY)).toBe(platform);
    expect((await balanceOf(p.evm, HOST)) - hostBefore).toBe(net / 5n - BOND);
    // The caller is payer and owner, and nobody stakes.
    expect((await balanceOf(p.evm, CALLER)) - payerBefore).toBe(ESCROW - net - platform + (net * 3n) / 10n);
    expect(await balanceOf(p.evm, p.market)).toBe(0n);
    expect(await drawable(p, HOST)).toBe(BOND);
    // 16 records of 512 values: the calldata's floor decides, as for any transaction of its size.
    expect(claimGas).toBeLessThan(900_000n);
    expect(settleGas).toBeLessThan(500_000n);
  });

  it("takes bond and stake of a host whose score was shown to be wrong", async () => {
    const { list, query } = p.fixture;
    const { records, paths } = evidenceOf(p.fixture);
    const scores = list.scores.map((score, i) => (i === 3 ? score + 1n : score));
    const lie = claimWith(p, { ...list, scores });
    await request(p);
    const payerBefore = await balanceOf(p.evm, CALLER);
    await must(p, p.market, marketCall("claim", [lie, bytesToHex(query)]), { from: HOST, value: BOND });
    const shown = encodeFunctionData({
      abi: claimChallengesAbi,
      functionName: "challengeScore",
      args: [lie, bytesToHex(query), 3n, { record: records[3]!, path: paths[3]! }, SALT],
    });
    const announce = encodeFunctionData({
      abi: claimChallengesAbi,
      functionName: "announce",
      args: [keccak256(shown)],
    });
    await must(p, p.challenges, announce, { from: WATCHER, value: COIN });
    await must(p, p.challenges, shown, { from: WATCHER });
    p.now += 3n;
    await must(p, p.market, marketCall("collect", [1n]));
    // The fee is 1/9 of 0.9; an audit is drawn for one of ten settlements: 2.2 * (fee + 10 fees).
    const fee = (100n * COIN) / 1000n + (100n * COIN) / 9000n;
    const lost = BOND + ((fee + 10n * fee) * 22n) / 10n;
    expect(await drawable(p, WATCHER)).toBe(COIN + lost / 2n);
    expect((await balanceOf(p.evm, CALLER)) - payerBefore).toBe(ESCROW);
    expect(await balanceOf(p.evm, p.market)).toBe(0n);
  });

  it("passes the verifier's reason on when a proof is wrong", async () => {
    const { list, query } = p.fixture;
    const { records, paths } = evidenceOf(p.fixture);
    await request(p);
    const wrong = claimWith(p, { ...list, weights: list.weights.map((weight) => weight + 1n) });
    const data = marketCall("claimProved", [wrong, bytesToHex(query), records, paths]);
    const { execResult } = await call(p.evm, p.market, data, { from: HOST, value: BOND, timestamp: p.now });
    const reason = decodeErrorResult({
      abi: iInfluenceVerifierAbi,
      data: bytesToHex(execResult.returnValue),
    });
    expect(reason).toMatchObject({ errorName: "WeightMismatch", args: [0n] });
  });
});
