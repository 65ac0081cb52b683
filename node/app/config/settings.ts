import { readFileSync } from "node:fs";
import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { appError } from "../errors.ts";
import { readKeyFile } from "./key-files.ts";

/** Where a program's settings come from. */
export interface SettingSources {
  /** JSON file with settings by their names. */
  file?: string;
  /** `OPENLEDGER_` and the name in upper snake case. */
  env: Readonly<Record<string, string | undefined>>;
  /** Command-line flags by setting name; undefined ones were not given. */
  flags: Readonly<Record<string, unknown>>;
}

/**
 * Merges file, environment and flags, the later ones winning; `command` is the one whose help lists the settings.
 * @throws CodedError `CONFIG_INVALID`, `CONFIG_FILE_INVALID`.
 */
export function readSettings<S extends z.ZodObject>(
  schema: S,
  sources: SettingSources,
  command: string,
): z.output<S> {
  const fromFile = sources.file === undefined ? {} : readFile(sources.file);
  const given = Object.entries(sources.flags).filter(([, value]) => value !== undefined);
  const names = Object.keys(schema.shape);
  const merged = { ...fromFile, ...fromEnvironment(names, sources.env), ...Object.fromEntries(given) };
  const result = schema.safeParse(merged);
  if (!result.success) throw invalid(result.error.issues[0], command);
  return result.data;
}

/** The settings with the keys of the key files. @throws CodedError `CONFIG_INVALID`, and what a key file that is none gives. */
export function withKeys<C extends { keyPasswordFile?: string }>(
  config: C,
  settings: readonly (keyof C & string)[],
): C {
  const given = config as Readonly<Record<string, unknown>>;
  const keys: Record<string, Hex> = {};
  for (const setting of settings) {
    const file = given[`${setting}File`];
    if (typeof file !== "string") continue;
    if (given[setting] !== undefined) {
      throw appError("CONFIG_INVALID", {
        message: `Both ${setting} and ${setting}File are given.`,
        fix: `Give the key as ${flagName(`${setting}File`)} only.`,
        facts: { setting },
      });
    }
    keys[setting] = readKeyFile(file, config.keyPasswordFile);
  }
  return { ...config, ...keys };
}

/** `l1Url` -> `OPENLEDGER_L1_URL`. */
export function variableName(setting: string): string {
  return `OPENLEDGER_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `l1Url` -> `--l1-url`. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function fromEnvironment(names: readonly string[], env: SettingSources["env"]): Record<string, string> {
  const settings = names.map((name) => [name, env[variableName(name)]] as const);
  return Object.fromEntries(settings.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function readFile(file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw appError("CONFIG_FILE_INVALID", {
      message: `The configuration file ${file} can't be read as a JSON object.`,
      fix: "Check the path and the JSON.",
      facts: { file },
      cause,
    });
  }
}

function invalid(issue: z.core.$ZodIssue | undefined, command: string): CodedError {
  const name = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
  const setting = String(name ?? "configuration");
  const fix =
    issue?.code === "unrecognized_keys"
      ? `Remove it; openledger ${command} --help lists the settings.`
      : `Give it as ${flagName(setting)}, as ${variableName(setting)}, or in the file.`;
  return appError("CONFIG_INVALID", {
    message: `Setting ${setting}: ${issue?.message ?? "invalid"}.`,
    fix,
    facts: { setting },
  });
}
