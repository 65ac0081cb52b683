import type { Standing } from "../../../governance/proposals.ts";
import { Amount } from "../../ui/exact.tsx";
import { formatShare } from "../../ui/format.ts";

const SIDES = [
  ["for", "For", "fill-good"],
  ["against", "Against", "fill-bad"],
  ["abstain", "Abstain", "fill-soft"],
] as const;

/** The votes of a proposal side by side, and how far it is from its quorum. */
export function Tally({ standing }: { standing: Standing }) {
  const { quorum } = standing;
  const all = standing.for + standing.against + standing.abstain;
  const counted = standing.for + standing.abstain;
  return (
    <div className="space-y-2">
      {SIDES.map(([side, name, fill]) => (
        <div key={side}>
          <div className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
            <span>{name}</span>
            <span className="tabular-nums">
              <Amount wei={standing[side]} unit={false} />{" "}
              <span className="text-soft">({formatShare(standing[side], all)})</span>
            </span>
          </div>
          <svg
            className="mt-1 block h-1.5 w-full rounded bg-raised"
            aria-hidden
            preserveAspectRatio="none"
            viewBox="0 0 1000 1"
          >
            <rect
              width={all === 0n ? 0 : Number((standing[side] * 1000n) / all)}
              height="1"
              className={fill}
            />
          </svg>
        </div>
      ))}
      <p className="text-sm text-soft">
        {quorum === undefined ? (
          "The quorum is known when the vote begins."
        ) : (
          <>
            {counted >= quorum ? "The quorum is reached: " : "Below the quorum: "}
            <Amount wei={counted} unit={false} /> of <Amount wei={quorum} unit={false} /> votes for or
            abstaining.
          </>
        )}
      </p>
    </div>
  );
}
