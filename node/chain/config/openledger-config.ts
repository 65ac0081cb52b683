import { z } from "zod";
import type { OpenLedgerConfig } from "../types/rollup.ts";
import { parseWith, quantity, readJsonFile } from "./config-schema.ts";

const schema = z.strictObject({ attributionTime: quantity.nullish() });

/** Parses openledger.json. @throws CodedError `OPENLEDGER_CONFIG_INVALID`. */
export function parseOpenLedgerConfig(value: unknown): OpenLedgerConfig {
  const json = parseWith(schema, value, "OPENLEDGER_CONFIG_INVALID", "openledger.json");
  return { attributionTime: json.attributionTime ?? undefined };
}

/** @throws CodedError `CONFIG_FILE_UNREADABLE`, `OPENLEDGER_CONFIG_INVALID`. */
export function readOpenLedgerConfig(path: string): OpenLedgerConfig {
  return parseOpenLedgerConfig(readJsonFile(path));
}
