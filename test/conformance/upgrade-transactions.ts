import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@ethereumjs/util";
import { decodeDeposit, encodeDeposit, upgradeSourceHash } from "../../node/chain/codec/deposit.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";
import { FORKS, type Fork, type RollupConfig } from "../../node/chain/types/rollup.ts";
import { upgradeTransactions } from "../../node/chain/upgrades/upgrade-transactions.ts";
import { assertEqual, type GroupResult, GroupRun } from "./group.ts";

/** The intents whose hashes the upgrade transactions carry. Source: OP Stack specs, Ecotone, Fjord, Isthmus derivation. */
const INTENTS: Readonly<Record<string, readonly string[]>> = {
  ecotone: [
    "Ecotone: L1 Block Deployment",
    "Ecotone: Gas Price Oracle Deployment",
    "Ecotone: L1 Block Proxy Update",
    "Ecotone: Gas Price Oracle Proxy Update",
    "Ecotone: Gas Price Oracle Set Ecotone",
    "Ecotone: beacon block roots contract deployment",
  ],
  fjord: [
    "Fjord: Gas Price Oracle Deployment",
    "Fjord: Gas Price Oracle Proxy Update",
    "Fjord: Gas Price Oracle Set Fjord",
  ],
  isthmus: [
    "Isthmus: L1 Block Deployment",
    "Isthmus: Gas Price Oracle Deployment",
    "Isthmus: Operator Fee Vault Deployment",
    "Isthmus: L1 Block Proxy Update",
    "Isthmus: Gas Price Oracle Proxy Update",
    "Isthmus: Operator Fee Vault Proxy Update",
    "Isthmus: Gas Price Oracle Set Isthmus",
    "Isthmus: EIP-2935 Contract Deployment",
  ],
};

/** The contracts whose initcode stands by itself, with the place of their deployment among Jovian's deposits. */
const JOVIAN_DEPLOYMENTS: Readonly<Record<string, number>> = {
  "jovian-l1-block-deployment.hex": 0,
  "jovian-gas-price-oracle-deployment.hex": 2,
};

/** A chain on which the fork and no other activates in the block at 2 s. */
function activating(fork: Fork): RollupConfig {
  const before = FORKS.slice(0, FORKS.indexOf(fork));
  const forkTimes = Object.fromEntries([...before.map((each) => [each, 0n]), [fork, 2n]]);
  return { forkTimes, blockTime: 2n, genesis: { l2Time: 0n } } as unknown as RollupConfig;
}

function upgrade(fork: string, index: number): string {
  const encoded = upgradeTransactions(activating(fork as Fork), 2n)[index];
  return encoded === undefined ? "nothing" : bytesToHex(encoded);
}

/**
 * Encoded upgrade deposits: each must decode, encode to the same bytes, carry its intent's source hash, and be the one that
 * derivation puts in; of Jovian the deployed code.
 */
export async function runUpgradeTransactions(folder: string): Promise<GroupResult> {
  const group = new GroupRun("upgrade-transactions");
  for (const file of (await readdir(folder)).sort()) {
    const [, fork, index] = /^(\w+)_tx_(\d+)\.hex$/.exec(file) ?? [];
    const text = readFileSync(join(folder, file), "utf8").trim().replace(/^0x/, "");
    if (fork === undefined || index === undefined) {
      await group.case(file, () => {
        const deposit = decodeDeposit(hexToBytes(upgrade("jovian", JOVIAN_DEPLOYMENTS[file] ?? -1) as Hex));
        assertEqual(bytesToHex(deposit.data), `0x${text}`, "code");
      });
      continue;
    }
    await group.case(file, () => {
      const deposit = decodeDeposit(hexToBytes(`0x${text}`));
      assertEqual(bytesToHex(encodeDeposit(deposit)), `0x${text}`, "encoding");
      assertEqual(deposit.sourceHash, upgradeSourceHash(INTENTS[fork]?.[Number(index)] ?? ""), "source hash");
      assertEqual(upgrade(fork, Number(index)), `0x${text}`, "derived");
    });
  }
  return group.result;
}
