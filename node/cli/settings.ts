import { type Command, Option } from "commander";
import type { z } from "zod";
import { flagName, type SettingSources, variableName } from "../app/config/settings.ts";
import { cliError } from "./errors.ts";

/** Settings that the whole command line shares. */
const SHARED = new Set(["dataDir"]);

/** Makes a flag of each setting. Keys are offered nowhere, but told apart from what there never was. */
export function addSettings(
  command: Command,
  shape: Readonly<Record<string, z.ZodType>>,
  keys: readonly string[],
): void {
  for (const [name, field] of Object.entries(shape)) {
    if (SHARED.has(name)) continue;
    const isFlag = field.safeParse(undefined).data === false;
    const text = `${field.description ?? ""} (environment: ${variableName(name)})`;
    const option = new Option(isFlag ? flagName(name) : `${flagName(name)} <value>`, text);
    command.addOption(keys.includes(name) ? option.hideHelp() : option);
  }
}

/** What was given for them, of flags, environment and file. @throws CodedError `KEY_AS_FLAG`. */
export function givenSettings(
  command: Command,
  shape: Readonly<Record<string, z.ZodType>>,
  keys: readonly string[],
): SettingSources {
  const given = command.optsWithGlobals<Record<string, unknown>>();
  refuseKeys(given, keys);
  const known = Object.keys(shape).map((name) => [name, given[name]] as const);
  const file = typeof given.config === "string" ? given.config : undefined;
  return { file, env: process.env, flags: Object.fromEntries(known) };
}

/** A flag is in the list of processes, which every user of the machine may read. */
function refuseKeys(given: Readonly<Record<string, unknown>>, keys: readonly string[]): void {
  for (const name of keys) {
    if (given[name] === undefined) continue;
    throw cliError("KEY_AS_FLAG", {
      message: `${flagName(name)} would show the key to every user of this machine.`,
      fix: `Write it into a file and give that as ${flagName(`${name}File`)}, or set ${variableName(name)}. Make a new key: this one was seen.`,
    });
  }
}
