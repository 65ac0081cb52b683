import type { EVM } from "@ethereumjs/evm";
import { bytesToHex, encodeFunctionData } from "viem";
import { CodedError } from "../../node/base/errors.ts";
import { iInfluenceVerifierAbi, iRewardSplitterAbi } from "../../node/chain/generated/abi.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "../../precompiles/addresses.ts";
import { call, compiled, createTestEvm, setBalance, setCode } from "../../precompiles/testing/evm.ts";
import { evidenceOf, makeIndex } from "../../precompiles/testing/fixture.ts";
import type { Bench, Figure } from "./figure.ts";

const SPLITTER_TWIN: Address = "0x0000000000000000000000000000000000001a03";
const VERIFIER_TWIN: Address = "0x0000000000000000000000000000000000001a01";

/** Execution gas of a call that succeeds; the transaction's own 21,000 and its calldata are the same for both sides. */
async function gasOf(evm: EVM, to: Address, data: Hex, value = 0n): Promise<number> {
  const { execResult } = await call(evm, to, data, { value });
  if (execResult.exceptionError !== undefined) {
    throw new CodedError("BENCH_CALL_FAILED", "fatal", {
      message: `${to}: ${execResult.exceptionError.error}`,
    });
  }
  return Number(execResult.executionGasUsed);
}

async function payFigures(recipients: number, existing: boolean): Promise<Figure> {
  const to = Array.from(
    { length: recipients },
    (_, i): Address => `0x${(0xbe0000 + i).toString(16).padStart(40, "0")}`,
  );
  const weights = to.map((_, i) => BigInt(3 * i + 1));
  const data = encodeFunctionData({ abi: iRewardSplitterAbi, functionName: "pay", args: [to, weights] });
  const measure = async (target: Address) => {
    const evm = await evmWithTwins();
    if (existing) for (const account of to) await setBalance(evm, account, 1n);
    return gasOf(evm, target, data, 1_000_003n);
  };
  return {
    what: `RewardSplitter pay, ${recipients} ${existing ? "existing" : "new"} recipients`,
    unit: "gas",
    ours: await measure(REWARD_SPLITTER_ADDRESS),
    peer: { name: "Solidity twin", value: await measure(SPLITTER_TWIN) },
  };
}

async function splitFigure(parts: number): Promise<Figure> {
  const evm = await evmWithTwins();
  const weights = Array.from({ length: parts }, (_, i) => BigInt(3 * i + 1));
  const data = encodeFunctionData({
    abi: iRewardSplitterAbi,
    functionName: "split",
    args: [10n ** 18n, weights],
  });
  return {
    what: `RewardSplitter split, ${parts} parts`,
    unit: "gas",
    ours: await gasOf(evm, REWARD_SPLITTER_ADDRESS, data),
    peer: { name: "Solidity twin", value: await gasOf(evm, SPLITTER_TWIN, data) },
  };
}

async function verifyFigure(): Promise<Figure> {
  const evm = await evmWithTwins();
  const fixture = makeIndex({ rows: 2000, dimension: 512, topK: 16, floor: 0n, contributions: 5, seed: 1 });
  const { records, paths } = evidenceOf(fixture);
  const data = encodeFunctionData({
    abi: iInfluenceVerifierAbi,
    functionName: "verifyTopK",
    args: [fixture.index, fixture.list, bytesToHex(fixture.query), records, paths],
  });
  return {
    what: "InfluenceVerifier verifyTopK, 16 of 2,000 rows of 512",
    unit: "gas",
    ours: await gasOf(evm, INFLUENCE_VERIFIER_ADDRESS, data),
    peer: { name: "Solidity twin", value: await gasOf(evm, VERIFIER_TWIN, data) },
  };
}

async function evmWithTwins(): Promise<EVM> {
  const evm = await createTestEvm();
  const [splitter, verifier] = [compiled("RewardSplitterTwin"), compiled("InfluenceVerifierTwin")];
  if (splitter === undefined || verifier === undefined) {
    throw new CodedError("CONTRACTS_NOT_BUILT", "fatal", {
      message: "the Solidity twins are not compiled",
      fix: "run node contracts/build.mjs",
    });
  }
  await setCode(evm, SPLITTER_TWIN, splitter.runtime);
  await setCode(evm, VERIFIER_TWIN, verifier.runtime);
  return evm;
}

/** Gas of the precompiles beside their Solidity twins, in the node's own EVM. */
export const splitterBench: Bench = {
  name: "splitter",
  run: async () => [
    await payFigures(5, false),
    await payFigures(5, true),
    await payFigures(16, true),
    await splitFigure(16),
    await verifyFigure(),
  ],
};
