import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import { conflictOrder } from "../../../circle/reviewers.ts";
import { type Circle, conflictQuery, ownReviewerQuery, type WholeGrant } from "../../chain/circle.ts";
import { useSigner } from "../../chain/signer.ts";
import { Field } from "../../ui/field.tsx";
import { Coming } from "../../ui/states.tsx";
import { OrderButton } from "./parts.tsx";

/** For a reviewer, before a draw: it has to do with the grant, and is not drawn for it. */
export function Conflict({ circle, whole }: { circle: Circle; whole: WholeGrant }) {
  const signer = useSigner();
  const { grant, panel } = whole.way;
  const isAhead = (grant.state === "applied" || grant.state === "reported") && panel?.state !== "drawn";
  if (signer === undefined || !isAhead) return null;
  return <OfReviewer key={signer.address} circle={circle} whole={whole} account={signer.address} />;
}

function OfReviewer({ circle, whole, account }: { circle: Circle; whole: WholeGrant; account: Address }) {
  const { grant } = whole.way;
  const [reason, setReason] = useState("");
  const standing = useQuery(ownReviewerQuery(circle, account));
  const conflict = useQuery(conflictQuery(circle, grant.id, account));
  if (standing.isPending || conflict.isPending) return <Coming />;
  if (standing.data === undefined || standing.data.own.seat < 0) return null;
  return (
    <div className="space-y-3 border-t border-line pt-4">
      {conflict.data === true ? (
        <p className="text-sm">
          You have said that you have to do with this grant: you are not drawn for it.
        </p>
      ) : (
        <>
          <Field
            name="You have to do with it?"
            value={reason}
            maxLength={500}
            placeholder="my sister's"
            onChange={(event) => setReason(event.target.value)}
            note="Say so before the draw: whoever hides it can lose the whole bond. The chain keeps the reason's hash."
          />
          <OrderButton
            circle={circle}
            label="Declare it"
            order={() => conflictOrder(circle.at, grant.id, reason.trim())}
            why={reason.trim() === "" ? "Say why." : undefined}
          />
        </>
      )}
    </div>
  );
}
