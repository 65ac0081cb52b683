import { evidenceOf, type WholeGrant } from "../../chain/circle.ts";
import { Amount, Time } from "../../ui/exact.tsx";
import { Badge, Section, type Tone } from "../../ui/layout.tsx";
import { KeptText } from "../kept-text.tsx";
import { Dollars } from "./parts.tsx";

const BPS = 10_000n;
const DAY = 86_400n;

/** What is to be reached by when, what was handed in for it, and what it pays. */
export function Milestones({ whole }: { whole: WholeGrant }) {
  const { milestones } = whole.way.grant;
  return (
    <Section title="Milestones" note="A panel of its own judges each; its part is paid when it passes.">
      <ol className="space-y-3">
        {milestones.map((_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a milestone's place is its name
          <li key={i}>
            <MilestoneCard whole={whole} index={i} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function MilestoneCard({ whole: { way, history }, index }: { whole: WholeGrant; index: number }) {
  const { grant } = way;
  const { bps, dueIn, criteria } = grant.milestones[index]!;
  const evidence = evidenceOf(history, index);
  const released = history.find(
    ({ name, args }) => name === "MilestoneReleased" && Number(args.milestone) === index,
  );
  const [tone, words] = standing(way.grant, index);
  return (
    <article className="rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-medium">
          Milestone {index + 1}: {bps / 100} %
        </h3>
        <Badge tone={tone}>{words}</Badge>
      </div>
      <p className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
        <span>
          <Dollars usd={(grant.usd * BigInt(bps)) / BPS} />
          {released === undefined ? null : (
            <>
              , <Amount wei={released.args.amount as bigint} /> paid
            </>
          )}
        </span>
        <span>
          {grant.amount === 0n ? (
            `due ${Number(dueIn / DAY)} days after the approval`
          ) : (
            <>
              due <Time seconds={Number(grant.since + dueIn)} />
            </>
          )}
        </span>
      </p>
      <div className="mt-3 space-y-3 text-sm">
        <div>
          <p className="text-xs text-soft">Reached when</p>
          <KeptText hash={criteria} what="the criteria" />
        </div>
        {evidence.map((hash, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same evidence may be handed in twice
          <div key={i}>
            <p className="text-xs text-soft">Evidence{evidence.length > 1 ? ` ${i + 1}` : ""}</p>
            <KeptText hash={hash} what="the evidence" />
          </div>
        ))}
      </div>
    </article>
  );
}

function standing(
  { milestone, state }: WholeGrant["way"]["grant"],
  index: number,
): readonly [tone: Tone, words: string] {
  if (index < milestone) return ["good", "paid"];
  if (index > milestone) return ["plain", "ahead"];
  if (state === "reported") return ["accent", "is being judged"];
  return state === "active" ? ["warn", "the next one"] : ["plain", "ahead"];
}
