import { describe, expect, it } from "vitest";
import { FORKS, type Fork, type RollupConfig } from "../types/rollup.ts";
import {
  channelTimeout,
  depositReceiptVersion,
  eip1559Constants,
  l1AttributesGas,
  l1CostSignatureBytes,
  maxChannelBankSize,
  maxRlpBytesPerChannel,
  maxSequencerDrift,
  p256VerifyGas,
  precompileInputLimits,
  sequencerWindowEnd,
} from "./chain-spec.ts";

/** A chain whose forks come 100 seconds apart, Regolith at 100; its settings are OP mainnet's. */
const rollup = {
  forkTimes: Object.fromEntries(FORKS.map((fork, i) => [fork, BigInt(100 * (i + 1))])),
  maxSequencerDrift: 600n,
  seqWindowSize: 3600n,
  channelTimeout: 300n,
  eip1559Elasticity: 6,
  eip1559Denominator: 50,
  eip1559DenominatorCanyon: 250,
} as Partial<RollupConfig> as RollupConfig;

const start = (fork: Fork) => rollup.forkTimes[fork]!;
const limitOf = (low: number) => (_: RollupConfig, time: bigint) =>
  precompileInputLimits(rollup, time).get(`0x${low.toString(16).padStart(40, "0")}`);

/** Rows of the specs' tables: what holds in the last second before the fork, and from the fork on. */
const CHANGES: readonly [
  what: string,
  of: (r: RollupConfig, t: bigint) => unknown,
  Fork,
  unknown,
  unknown,
][] = [
  ["CHANNEL_TIMEOUT", channelTimeout, "granite", 300n, 50n],
  ["MAX_RLP_BYTES_PER_CHANNEL", maxRlpBytesPerChannel, "fjord", 10_000_000, 100_000_000],
  ["MAX_CHANNEL_BANK_SIZE", maxChannelBankSize, "fjord", 100_000_000, 1_000_000_000],
  ["max_sequencer_drift", maxSequencerDrift, "fjord", 600n, 1_800n],
  ["L1 attributes gas", l1AttributesGas, "regolith", 150_000_000n, 1_000_000n],
  ["L1 cost signature bytes", l1CostSignatureBytes, "regolith", 68n, 0n],
  ["depositReceiptVersion", depositReceiptVersion, "canyon", undefined, 1],
  ["base fee denominator", (r, t) => eip1559Constants(r, t).denominator, "canyon", 50, 250],
  ["base fee elasticity", (r, t) => eip1559Constants(r, t).elasticity, "canyon", 6, 6],
  ["P256VERIFY gas", p256VerifyGas, "fjord", undefined, 3_450n],
  ["bn256Pairing input", limitOf(0x08), "granite", undefined, 112_687],
  ["bn256Pairing input", limitOf(0x08), "jovian", 112_687, 81_984],
  ["BLS12 G1MSM input", limitOf(0x0c), "isthmus", undefined, 513_760],
  ["BLS12 G1MSM input", limitOf(0x0c), "jovian", 513_760, 288_960],
  ["BLS12 G2MSM input", limitOf(0x0e), "isthmus", undefined, 488_448],
  ["BLS12 G2MSM input", limitOf(0x0e), "jovian", 488_448, 278_784],
  ["BLS12 pairing input", limitOf(0x0f), "isthmus", undefined, 235_008],
  ["BLS12 pairing input", limitOf(0x0f), "jovian", 235_008, 156_672],
];

describe("chain spec", () => {
  it.each(CHANGES)("%s changes with its fork", (_, of, fork, before, after) => {
    expect([of(rollup, start(fork) - 1n), of(rollup, start(fork))]).toEqual([before, after]);
  });

  it.each([...new Set(CHANGES.map(([what]) => what))])("%s changes at no other time", (what) => {
    const rows = CHANGES.filter(([name]) => name === what);
    const changes = FORKS.filter((fork) => {
      const of = rows[0]![1];
      return of(rollup, start(fork) - 1n) !== of(rollup, start(fork));
    });
    expect(changes).toEqual(
      rows.filter(([, , , before, after]) => before !== after).map(([, , fork]) => fork),
    );
  });

  it("keeps what came before a fork that never comes", () => {
    const stays = { ...rollup, forkTimes: { regolith: 0n } };
    expect(channelTimeout(stays, 10n ** 10n)).toBe(300n);
    expect(maxRlpBytesPerChannel(stays, 10n ** 10n)).toBe(10_000_000);
    expect(precompileInputLimits(stays, 10n ** 10n).size).toBe(0);
  });

  it("counts the sequencing window from the epoch", () => {
    expect(sequencerWindowEnd(rollup, 7n)).toBe(3_607n);
  });
});
