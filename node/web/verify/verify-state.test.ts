import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../base/paths.ts";
import { LAYOUT } from "./verify-state.ts";

const text = readFileSync(join(packageRoot(), "contracts", "snapshots", "storage.txt"), "utf8");

/** The slot of a field of a contract, summed over the structs that it lies in; a mapping begins anew. */
function slotOf(contract: string, path: readonly string[]): bigint {
  const [, body = ""] = new RegExp(`^${contract}\\n((?:  .*\\n)*)`, "m").exec(text) ?? [];
  let lines = body.split("\n");
  let slot = 0n;
  for (const [depth, name] of path.entries()) {
    const indent = " ".repeat(2 * (depth + 1));
    const at = lines.findIndex((line) => new RegExp(`^${indent}\\d+\\+0 ${name}: `).test(line));
    if (at < 0) throw new Error(`${contract} has no ${path.join(".")}`);
    slot += BigInt(/\d+/.exec(lines[at]!)![0]);
    lines = lines.slice(at + 1);
  }
  return slot;
}

test("the slots that a receipt's check proves are those of the contracts", () => {
  expect({
    requests: slotOf("InferenceMarket", ["_requests"]),
    claimHash: slotOf("InferenceMarket", ["_requests", "claimHash"]) - LAYOUT.requests,
    epochs: slotOf("InferenceEpochs", ["_epochs"]),
    root: slotOf("InferenceEpochs", ["_epochs", "root"]) - LAYOUT.epochs,
    payoutRoot: slotOf("InferenceEpochs", ["_epochs", "payoutRoot"]) - LAYOUT.epochs,
    models: slotOf("ModelLedger", ["_models"]),
    adapterHash: slotOf("ModelLedger", ["_models", "document", "adapterHash"]) - LAYOUT.models,
    manifestHash: slotOf("ModelLedger", ["_models", "document", "manifestHash"]) - LAYOUT.models,
    indexRoot: slotOf("ModelLedger", ["_models", "document", "index", "root"]) - LAYOUT.models,
  }).toEqual(LAYOUT);
});
