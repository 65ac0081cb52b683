import { useState } from "react";
import { formatEther } from "viem";
import { type AccessTerms, setAccessOrder } from "../../ai/client/access.ts";
import { useProtocol } from "../chain/connection.tsx";
import { transact } from "../chain/transact.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { type AccessDraft, accessProblems, CURATION_MOST, ROYALTY_MOST, termsOf } from "./access-draft.ts";
import { SendButton } from "./send-button.tsx";

/** The owner's form: what it sets holds for later sales. */
export function AccessForm({
  datanetId,
  terms,
  licence,
}: {
  datanetId: bigint;
  terms: AccessTerms;
  /** The text of the present terms; empty where the datanet's own licence holds. */
  licence: string;
}) {
  const { client, at } = useProtocol();
  const [draft, setDraft] = useState<AccessDraft>();
  if (draft === undefined)
    return <Button onClick={() => setDraft(draftOf(terms, licence))}>Set other terms</Button>;
  const problems = accessProblems(draft);
  const field = (key: Exclude<keyof AccessDraft, "closed">, name: string, note: string) => (
    <Field
      name={name}
      note={note}
      value={draft[key]}
      onChange={(event) => setDraft({ ...draft, [key]: event.target.value })}
      {...(problems[key] === undefined ? {} : { problem: problems[key] })}
    />
  );
  return (
    <div className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2">
        {field("perSnapshot", "OPEN for a snapshot", "0 is free.")}
        {field("perRow", "OPEN for each row", "0 is free.")}
        {field("curation", "Reviewers' part of the price, in percent", `Up to ${CURATION_MOST}.`)}
        {field(
          "royalty",
          "Royalty, in percent",
          `Of what a model's owner gets of each fee; up to ${ROYALTY_MOST}.`,
        )}
        {field("licence", "Licence", "SPDX expression, text, or hash of a text. Empty: the datanet's own.")}
      </div>
      <label className="flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          checked={draft.closed}
          onChange={(event) => setDraft({ ...draft, closed: event.target.checked })}
        />
        Nobody else gets access
      </label>
      <div className="flex flex-wrap gap-2">
        <SendButton
          kind="main"
          label="Set the terms"
          why={Object.keys(problems).length > 0 ? "Some fields are not right yet." : undefined}
          send={(signer) =>
            transact(client, signer, setAccessOrder(at, datanetId, termsOf(draft), draft.licence))
          }
          onDone={() => setDraft(undefined)}
        />
        <Button onClick={() => setDraft(undefined)}>Leave them</Button>
      </div>
    </div>
  );
}

function draftOf({ perSnapshot, perRow, curationBps, royaltyBps, closed }: AccessTerms, licence: string) {
  return {
    perSnapshot: formatEther(perSnapshot),
    perRow: formatEther(perRow),
    curation: String(curationBps / 100),
    royalty: String(royaltyBps / 100),
    ...{ licence, closed },
  };
}
