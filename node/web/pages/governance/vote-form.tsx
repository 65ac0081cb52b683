import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import type { Governed } from "../../../governance/governed.ts";
import { type Support, voteOrder } from "../../../governance/proposals.ts";
import { type FoundProposal, powerQuery, votesQuery } from "../../chain/governance.ts";
import { useSigner } from "../../chain/signer.ts";
import { Amount } from "../../ui/exact.tsx";
import { Field } from "../../ui/field.tsx";
import { Coming } from "../../ui/states.tsx";
import { ActButton } from "./parts.tsx";

const CHOICES: readonly (readonly [Support, string])[] = [
  ["for", "For"],
  ["against", "Against"],
  ["abstain", "Abstain"],
];

/** The vote of the connected account. */
export function VoteForm({ governed, found }: { governed: Governed; found: FoundProposal }) {
  const signer = useSigner();
  return (
    <div className="mt-4 border-t border-line pt-4">
      {signer === undefined ? (
        <p className="text-sm text-soft">Connect an account to vote.</p>
      ) : (
        <Choice key={signer.address} governed={governed} found={found} account={signer.address} />
      )}
    </div>
  );
}

function Choice({
  governed,
  found: { proposal, way },
  account,
}: {
  governed: Governed;
  found: FoundProposal;
  account: Address;
}) {
  const [support, setSupport] = useState<Support>("for");
  const [reason, setReason] = useState("");
  const power = useQuery(powerQuery(governed, account, way.standing.voteStart));
  const votes = useQuery(votesQuery(governed, proposal));
  const cast = votes.data?.find(({ voter }) => voter === account);
  if (cast !== undefined)
    return (
      <p className="text-sm">
        You voted <span className="font-medium">{cast.support}</span> with{" "}
        <Amount wei={cast.weight} unit={false} /> votes.
      </p>
    );
  const why =
    power.data === 0n ? "You had no votes when it began: stake before the next proposal." : undefined;
  return (
    <div className="space-y-3">
      <p className="text-sm">
        You vote with {power.data === undefined ? <Coming /> : <Amount wei={power.data} unit={false} />}{" "}
        votes, those that you had when the vote began.
      </p>
      <fieldset className="flex flex-wrap gap-x-5 gap-y-2">
        <legend className="sr-only">Your vote</legend>
        {CHOICES.map(([choice, name]) => (
          <label key={choice} className="inline-flex items-center gap-2 text-sm">
            <input
              type="radio"
              name="support"
              checked={support === choice}
              onChange={() => setSupport(choice)}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <Field
        name="Reason"
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
        note="Published with the vote; may be left out."
      />
      <ActButton
        governed={governed}
        kind="main"
        label="Vote"
        order={() => voteOrder(governed.at, proposal, support, reason.trim())}
        why={why}
      />
    </div>
  );
}
