import { useQuery } from "@tanstack/react-query";
import type { Hash } from "../../chain/types/primitives.ts";
import { useProtocol } from "../chain/connection.tsx";
import { textQuery } from "../chain/texts.ts";
import { Hex } from "../ui/exact.tsx";
import { Loaded } from "../ui/states.tsx";

/** Characters of a stranger's text that are shown. */
const MOST_SHOWN = 20_000;

/** A text that the chain names by its hash. It is a stranger's: shown as text, and cut where it is too long to read. */
export function KeptText({ hash, what }: { hash: Hash; what: string }) {
  const query = useQuery(textQuery(useProtocol(), hash));
  return (
    <Loaded query={query} what={what} lines={2}>
      {(text) => (text === null ? <NoText hash={hash} what={what} /> : <Words text={text} />)}
    </Loaded>
  );
}

export function NoText({ hash, what }: { hash: Hash; what: string }) {
  return (
    <p className="text-sm text-soft">
      This node has no text of {what}; its hash is <Hex hex={hash} what="hash" />
    </p>
  );
}

export function Words({ text }: { text: string }) {
  return (
    <p className="min-w-0 break-words whitespace-pre-wrap">
      {text.slice(0, MOST_SHOWN)}
      {text.length > MOST_SHOWN ? "…" : ""}
    </p>
  );
}
