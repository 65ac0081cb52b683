import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import { type Member, type Panel, recuseOrder } from "../../../circle/panels.ts";
import type { Circle } from "../../chain/circle.ts";
import { judge, keptVerdict } from "../../chain/judging.ts";
import { Field, TextArea } from "../../ui/field.tsx";
import { SendButton } from "../send-button.tsx";
import { OrderButton } from "./parts.tsx";

/** Bytes of a reason: CirclePanels takes no more. */
const MOST_REASON = 1_024;

/** The score of a drawn reviewer: hidden first, revealed when the time of commitments is over. */
export function ScoreForm({
  circle,
  panel,
  own,
  account,
  now,
}: {
  circle: Circle;
  panel: Panel;
  own: Member;
  account: Address;
  now: bigint;
}) {
  const kept = keptVerdict(circle.protocol.genesis, account, panel.id);
  const [points, setPoints] = useState(kept === undefined ? "" : String(kept.score));
  const [reason, setReason] = useState(kept?.reason ?? "");
  const isHidden = now <= panel.commitUntil;
  const isOver = now > panel.revealUntil;
  if (isOver || (!isHidden && !own.hasCommitted))
    return <p className="text-sm text-soft">You were drawn; the time for your score is over.</p>;
  const score = /^\d{1,3}$/.test(points.trim()) ? Number(points) : Number.NaN;
  const isScore = score <= 100;
  const isLong = new TextEncoder().encode(reason).length > MOST_REASON;
  const problem = isScore ? (isLong ? "The reason is too long." : undefined) : "Give a score from 0 to 100.";
  const waits =
    own.hasCommitted && isHidden ? "It can be revealed once the time of commitments is over." : undefined;
  return (
    <div className="space-y-3 border-t border-line pt-3">
      <p className="text-sm">
        {own.hasCommitted
          ? "Your score is in, hidden. Reveal it with the same score and reason, or lose a part of your bond."
          : "You are drawn: read the application, then judge."}
      </p>
      <div className="grid gap-3 sm:grid-cols-[8rem_1fr]">
        <Field
          name="Score"
          inputMode="numeric"
          value={points}
          onChange={(event) => setPoints(event.target.value)}
          problem={points === "" || isScore ? undefined : "0 to 100"}
          note="60 passes"
        />
        <TextArea
          name="Reason"
          rows={2}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          problem={isLong ? `It has more than ${MOST_REASON} bytes.` : undefined}
          note="Published with the score when it is revealed."
        />
      </div>
      <div className="flex flex-wrap items-start gap-3">
        <SendButton
          kind="main"
          label={own.hasCommitted ? "Reveal the score" : "Commit to the score"}
          send={(signer) => judge(circle, signer, { panel: panel.id, score, reason })}
          why={waits ?? problem}
        />
        {own.hasCommitted ? null : (
          <OrderButton
            circle={circle}
            label="Give the seat up"
            order={() => recuseOrder(circle.at, panel.id, reason.trim())}
            why={reason.trim() === "" ? "Say why, as the reason." : undefined}
          />
        )}
      </div>
    </div>
  );
}
