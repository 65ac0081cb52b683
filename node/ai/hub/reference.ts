import { aiError } from "../errors.ts";

/** Where the hub is unless the user names another. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

/** A model on a hub. */
export interface ModelReference {
  /** URL of the hub without a slash at its end. */
  endpoint: string;
  /** `organisation/name`, or a bare name of the hub's first years. */
  name: string;
  /** Branch, tag or commit. */
  revision: string;
  /** One file of the model, where the reference names one. */
  file: string | undefined;
}

const PART = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95})";
const NAME = new RegExp(`^${PART}(?:/${PART})?$`);
const REVISION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** The parts of a hub's web address behind a model's name that are followed by a revision. */
const PAGES = new Set(["tree", "blob", "resolve", "raw"]);

/**
 * Reads `organisation/name`, `organisation/name@revision`, `hf://...` or the address of a model's page or file.
 * @param endpoint the hub for a reference that names none.
 * @throws CodedError `HUB_REFERENCE_INVALID`.
 */
export function parseModelReference(text: string, endpoint = DEFAULT_ENDPOINT): ModelReference {
  const hub = parseEndpoint(endpoint);
  const isUrl = /^https?:\/\//i.test(text);
  const url = isUrl && URL.canParse(text) ? new URL(text) : undefined;
  if (isUrl && `${url?.username}${url?.password}` !== "") throw invalid(text);
  const path = url ? decodePath(url.pathname, text) : text.replace(/^hf:\/\//, "");
  const reference = url ? ofPage(path) : ofId(path);
  const { name, revision, file } = reference;
  // An id of two dots or a git suffix would be another address than it looks.
  if (!NAME.test(name) || name.includes("..") || !REVISION.test(revision) || revision.includes(".."))
    throw invalid(text);
  if (file !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(file)) throw invalid(text);
  return { endpoint: url ? url.origin : hub, name, revision, file };
}

/** A hub's URL without a slash at its end. @throws CodedError `HUB_REFERENCE_INVALID`. */
function parseEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== "" || url.username !== "") {
    throw aiError("HUB_REFERENCE_INVALID", {
      message: `${JSON.stringify(endpoint)} is not the address of a hub`,
      fix: `set HF_ENDPOINT to an address such as ${DEFAULT_ENDPOINT}, or leave it out`,
      facts: { endpoint },
    });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function ofId(text: string): Omit<ModelReference, "endpoint"> {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  return { name, revision: at < 0 ? "main" : text.slice(at + 1), file: undefined };
}

function ofPage(path: string): Omit<ModelReference, "endpoint"> {
  const parts = path.split("/").filter((part) => part !== "");
  const page = parts.findIndex((part, index) => index > 0 && PAGES.has(part));
  if (page < 0) return { name: parts.join("/"), revision: "main", file: undefined };
  const [revision = "", ...file] = parts.slice(page + 1);
  return {
    name: parts.slice(0, page).join("/"),
    revision,
    file: file.length === 0 ? undefined : file.join("/"),
  };
}

function decodePath(path: string, text: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid(text);
  }
}

function invalid(text: string): Error {
  return aiError("HUB_REFERENCE_INVALID", {
    message: `${JSON.stringify(text.slice(0, 200))} names no model on a hub`,
    fix: "give an id such as HuggingFaceTB/SmolLM2-135M-Instruct (with @revision if you like), or the address of the model's page",
    facts: { reference: text.slice(0, 200) },
  });
}
