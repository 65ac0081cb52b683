import type { ShownSetting } from "../../api/site.ts";
import { KEY_SETTINGS, type NodeConfig, nodeConfigSchema } from "./node-config.ts";

/** Settings that are secrets: told as set, never themselves. */
const SECRETS: ReadonlySet<string> = new Set([...KEY_SETTINGS, "openaiKeys"]);
/** Characters of a value that are told. */
const MOST = 2_000;

/** The settings as they are in force, in the order of `--help`. */
export function shownSettings(config: NodeConfig): ShownSetting[] {
  return Object.entries(nodeConfigSchema.shape).map(([name, schema]) => {
    const value = config[name as keyof NodeConfig] as unknown;
    const initial = schema.safeParse(undefined);
    const isDefault = initial.success && textOf(initial.data) === textOf(value);
    return { name, isDefault, value: shown(name, value), about: schema.description ?? "" };
  });
}

function shown(name: string, value: unknown): string | undefined {
  // Nothing, or a list of none.
  if (value === undefined || textOf(value) === "") return undefined;
  return SECRETS.has(name) ? "set, not shown" : textOf(value).slice(0, MOST);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return typeof value === "string" ? withoutSecrets(value) : String(value);
}

/** A URL without what may be a key in it: a provider's has its user's in path, query or name. */
function withoutSecrets(text: string): string {
  if (!/^[a-z]+:\/\//i.test(text) || !URL.canParse(text)) return text;
  const { origin, pathname, search, username, password } = new URL(text);
  const hides = pathname.length > 1 || search !== "" || username !== "" || password !== "";
  return hides ? `${origin}/…` : text;
}
