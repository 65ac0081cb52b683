import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@ethereumjs/util";
import { decodeDeposit, encodeDeposit, upgradeSourceHash } from "../../node/chain/codec/deposit.ts";
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

/** Encoded upgrade deposits: each must decode, encode to the same bytes and carry its intent's source hash. */
export async function runUpgradeTransactions(folder: string): Promise<GroupResult> {
  const group = new GroupRun("upgrade-transactions");
  for (const file of (await readdir(folder)).sort()) {
    const [, fork, index] = /^(\w+)_tx_(\d+)\.hex$/.exec(file) ?? [];
    if (fork === undefined || index === undefined) {
      group.skip(file, "deployment bytecode: only a fork that activates after genesis needs it");
      continue;
    }
    await group.case(file, () => {
      const text = readFileSync(join(folder, file), "utf8").trim().replace(/^0x/, "");
      const deposit = decodeDeposit(hexToBytes(`0x${text}`));
      assertEqual(bytesToHex(encodeDeposit(deposit)), `0x${text}`, "encoding");
      assertEqual(deposit.sourceHash, upgradeSourceHash(INTENTS[fork]?.[Number(index)] ?? ""), "source hash");
    });
  }
  return group.result;
}
