import { z } from "zod";
import { chainError } from "../errors.ts";
import type { L1ChainConfig } from "../types/rollup.ts";
import { parseWith, quantity, readJsonFile } from "./config-schema.ts";

const scheduleEntry = z.looseObject({ baseFeeUpdateFraction: quantity });
const chainSchema = z.looseObject({
  chainId: quantity,
  cancunTime: quantity.nullish(),
  blobSchedule: z.record(z.string(), scheduleEntry).optional(),
});

/** geth names a schedule entry after its fork; the fork's time lies beside it as `<name>Time`. */
function forkTime(chain: z.output<typeof chainSchema>, name: string): bigint | undefined {
  const value = chain[`${name}Time`];
  if (typeof value === "bigint") return value;
  return value === undefined || value === null
    ? undefined
    : parseWith(quantity, value, "L1_CHAIN_CONFIG_INVALID", `${name}Time of the L1 chain config`);
}

/**
 * Parses L1's chain config in geth's form (or a genesis that holds one as `config`).
 * @throws CodedError `L1_CHAIN_CONFIG_INVALID`, also when Cancun is scheduled without a blob schedule.
 */
export function parseL1ChainConfig(value: unknown): L1ChainConfig {
  const inner = typeof value === "object" && value !== null && "config" in value ? value.config : value;
  const chain = parseWith(chainSchema, inner, "L1_CHAIN_CONFIG_INVALID", "The L1 chain config");
  const blobSchedule = Object.entries(chain.blobSchedule ?? {})
    .flatMap(([name, entry]) => {
      const time = forkTime(chain, name);
      return time === undefined ? [] : [{ time, baseFeeUpdateFraction: entry.baseFeeUpdateFraction }];
    })
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  if (chain.cancunTime != null && blobSchedule.length === 0) {
    throw chainError("L1_CHAIN_CONFIG_INVALID", {
      message: "The L1 chain config has blobs (cancunTime) but no blobSchedule.",
      fix: "Add blobSchedule: L1's blob base fee is an input of L2 consensus.",
    });
  }
  return { chainId: chain.chainId, blobSchedule, osakaTime: forkTime(chain, "osaka") };
}

/** @throws CodedError `CONFIG_FILE_UNREADABLE`, `L1_CHAIN_CONFIG_INVALID`. */
export function readL1ChainConfig(path: string): L1ChainConfig {
  return parseL1ChainConfig(readJsonFile(path));
}
