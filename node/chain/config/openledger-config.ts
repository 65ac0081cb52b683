import { z } from "zod";
import { isSpanVerifierInOrder } from "../rules/forks.ts";
import type { OpenLedgerConfig } from "../types/rollup.ts";
import { parseWith, quantity, readJsonFile } from "./config-schema.ts";

const schema = z
  .strictObject({ attributionTime: quantity.nullish(), spanVerifierTime: quantity.nullish() })
  .transform(({ attributionTime, spanVerifierTime }): OpenLedgerConfig => {
    const config = { attributionTime: attributionTime ?? undefined };
    return spanVerifierTime == null ? config : { ...config, spanVerifierTime };
  })
  .refine(isSpanVerifierInOrder, "spanVerifierTime is before attributionTime");

/** Parses openledger.json. @throws CodedError `OPENLEDGER_CONFIG_INVALID`. */
export function parseOpenLedgerConfig(value: unknown): OpenLedgerConfig {
  return parseWith(schema, value, "OPENLEDGER_CONFIG_INVALID", "openledger.json");
}

/** @throws CodedError `CONFIG_FILE_UNREADABLE`, `OPENLEDGER_CONFIG_INVALID`. */
export function readOpenLedgerConfig(path: string): OpenLedgerConfig {
  return parseOpenLedgerConfig(readJsonFile(path));
}

/** openledger.json: a time that is absent is left out. */
export function openledgerConfigToJson(config: OpenLedgerConfig): Record<string, number> {
  const times = { attributionTime: config.attributionTime, spanVerifierTime: config.spanVerifierTime };
  const given = Object.entries(times).filter(([, time]) => time !== undefined);
  return Object.fromEntries(given.map(([name, time]) => [name, Number(time)]));
}
