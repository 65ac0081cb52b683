import type { Member } from "../../../circle/panels.ts";
import type { Circle, JudgedPanel, WholeGrant } from "../../chain/circle.ts";
import { useSigner } from "../../chain/signer.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Cell, Section, Table } from "../../ui/layout.tsx";
import { Empty } from "../../ui/states.tsx";
import { PanelBadge } from "./parts.tsx";
import { ScoreForm } from "./score-form.tsx";

/** Who judged what, with scores and reasons once they are revealed; the newest panel first. */
export function Panels({ circle, whole }: { circle: Circle; whole: WholeGrant }) {
  const { panels } = whole;
  return (
    <Section
      title="Panels"
      note="Scores run from 0 (spam) to 100; 60 passes. They are hidden until all are in."
    >
      {panels.length === 0 ? (
        <Empty title="No panel was called yet." />
      ) : (
        <ul className="space-y-4">
          {panels.map((judged) => (
            <li key={judged.panel.id.toString()}>
              <PanelCard circle={circle} judged={judged} now={whole.now} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function PanelCard({ circle, judged, now }: { circle: Circle; judged: JudgedPanel; now: bigint }) {
  const { panel, milestone, scores } = judged;
  const signer = useSigner();
  const own = panel.members.find(({ reviewer }) => reviewer === signer?.address);
  return (
    <article className="space-y-3 rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-medium">
          Panel {panel.id.toString()}:{" "}
          {milestone === undefined ? "the application" : `milestone ${milestone + 1}`}
        </h3>
        <PanelBadge state={panel.state} />
      </div>
      <PanelTimes judged={judged} now={now} />
      {panel.members.length === 0 ? null : (
        <Table caption={`Panel ${panel.id}`} head={["Reviewer", "Score", "Reason"]}>
          {panel.members.map((member) => (
            <tr key={member.reviewer}>
              <Cell>
                <Hex hex={member.reviewer} what="reviewer" />
              </Cell>
              <Cell>{saidBy(member)}</Cell>
              <Cell className="min-w-48 break-words whitespace-pre-wrap">
                {scores.find(({ reviewer }) => reviewer === member.reviewer)?.reason}
              </Cell>
            </tr>
          ))}
        </Table>
      )}
      {panel.state === "drawn" &&
      own?.isSeated === true &&
      own.score === undefined &&
      signer !== undefined ? (
        <ScoreForm
          key={signer.address}
          circle={circle}
          panel={panel}
          own={own}
          account={signer.address}
          now={now}
        />
      ) : null}
    </article>
  );
}

function PanelTimes({ judged: { panel }, now }: { judged: JudgedPanel; now: bigint }) {
  const { state, seedBlock, drawUntil, commitUntil, revealUntil, seats, pot } = panel;
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
      <span>{seats} seats</span>
      {pot === 0n ? null : (
        <span>
          <Amount wei={pot} /> for those that reveal
        </span>
      )}
      {state === "opened" ? (
        <span>
          drawn by L1 block {seedBlock.toString()}, until <Time seconds={Number(drawUntil)} />
        </span>
      ) : null}
      {state === "drawn" && now <= commitUntil ? (
        <span>
          scores are committed until <Time seconds={Number(commitUntil)} />
        </span>
      ) : null}
      {state === "drawn" && now > commitUntil ? (
        <span>
          scores are revealed until <Time seconds={Number(revealUntil)} />
        </span>
      ) : null}
    </p>
  );
}

function saidBy({ isSeated, hasCommitted, score }: Member): string {
  if (!isSeated) return "gave its seat up";
  if (score !== undefined) return String(score);
  return hasCommitted ? "hidden" : "not yet";
}
