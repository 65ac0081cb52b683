import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { FilePreview } from "../../ai/factory/file-preview.ts";
import { useConnection } from "../chain/connection.tsx";
import { basesQuery, filePreviewQuery } from "../chain/factory.ts";
import type { Session } from "../chain/session.ts";
import { SelectField } from "../ui/field.tsx";
import { formatCount } from "../ui/format.ts";
import { Cell, Table } from "../ui/layout.tsx";
import { Loaded } from "../ui/states.tsx";
import { SignInGate } from "./sign-in-gate.tsx";

/** A file's rows as a base model of this node sees them, for who signed in. */
export function ModelView({ file }: { file: File }) {
  const { hasFactory } = useConnection().site;
  const [isOpen, setOpen] = useState(false);
  if (!hasFactory) return null;
  return (
    <details
      className="rounded-lg border border-line bg-surface"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="cursor-pointer px-4 py-3 text-sm font-medium">
        As a model sees it: tokens, and rows that are too long
      </summary>
      {isOpen ? (
        <div className="border-t border-line p-4">
          <SignInGate why="Cutting rows into tokens takes this node's machine: it wants to know for whom.">
            {(session) => <Bases file={file} session={session} />}
          </SignInGate>
        </div>
      ) : null}
    </details>
  );
}

function Bases({ file, session }: { file: File; session: Session }) {
  const bases = useQuery(basesQuery);
  const [chosen, setChosen] = useState<string>();
  return (
    <Loaded query={bases} what="the base models" lines={3}>
      {(list) => {
        const base = chosen ?? list[0]?.id ?? "";
        return (
          <div className="space-y-4">
            <SelectField name="Base model" value={base} onChange={(event) => setChosen(event.target.value)}>
              {list.map(({ id, contextLength }) => (
                <option key={id} value={id}>
                  {id}, context {contextLength} tokens
                </option>
              ))}
            </SelectField>
            <Seen file={file} session={session} base={base} />
          </div>
        );
      }}
    </Loaded>
  );
}

function Seen({ file, session, base }: { file: File; session: Session; base: string }) {
  const query = useQuery(filePreviewQuery(session, file, base));
  return (
    <Loaded query={query} what="the rows as the model sees them" lines={6}>
      {(found) => (
        <>
          <p className="text-sm">{summaryOf(found)}</p>
          <div className="mt-3">
            <Table caption="Rows as the model sees them" head={["Row", "Text", "Tokens", "of the answer"]}>
              {found.shown.map(({ row, text, tokens, answerTokens }) => (
                <tr key={row}>
                  <Cell className="font-mono text-xs text-soft">{row}</Cell>
                  <Cell className="min-w-60 font-mono text-xs break-words whitespace-pre-wrap">{text}</Cell>
                  <Cell className="tabular-nums">{tokens}</Cell>
                  <Cell className="tabular-nums">{answerTokens}</Cell>
                </tr>
              ))}
            </Table>
          </div>
        </>
      )}
    </Loaded>
  );
}

function summaryOf({ rows, counted, tokens, longestRow, contextLength, tooLong }: FilePreview): string {
  const part = counted < rows ? ` of the first ${formatCount(counted)} rows` : "";
  const long =
    tooLong.count === 0
      ? "All of them fit its context."
      : `Rows that don't fit its context of ${formatCount(contextLength)}: ${tooLong.first.map(({ row }) => row).join(", ")}${
          tooLong.count > tooLong.first.length ? " …" : ""
        }; a model can't be trained on them.`;
  return `${formatCount(tokens)} tokens${part}, ${formatCount(longestRow)} in the longest row. ${long}`;
}
