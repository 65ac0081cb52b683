import { z } from "zod";
import type { CliRunner } from "./cli-runner.ts";
import type { Journal } from "./journal.ts";

/** What a vote has changed, and who can change anything without one. */
export interface Voted {
  proposal: string;
  /** The field that was changed, as the contract has it now. */
  reviewPeriod: number;
  /** Rights that keys hold after the hand-over, as `contract.right`. */
  keys: readonly string[];
}

interface VoteJob {
  cli: CliRunner;
  journal: Journal;
  say: (line: string) => void;
}

const REVIEW_PERIOD = 3_000;
const STAKE = "1000";
const anything = z.looseObject({});
const proposed = z.looseObject({ number: z.number() });
const handedOver = z.looseObject({
  left: z.array(z.looseObject({ what: z.string() })),
  powers: z.array(z.looseObject({ contract: z.string(), power: z.string(), isPerson: z.boolean() })),
});

/** The founders give their rights away, stan stakes for votes; the timelocks hold it back for a while. */
export async function startHandOver({ cli, journal, say }: VoteJob): Promise<void> {
  if (!journal.has("hand-over governor")) say("the founders hand over to governance");
  for (const founder of ["treasury", "governor"] as const) {
    await journal.step(`hand-over ${founder}`, anything, () =>
      cli.json(["governance", "hand-over", "--pause-period", "60"], founder),
    );
  }
  await journal.step("votes", anything, () =>
    cli.json(["governance", "stake", STAKE, "--lock", "365"], "stan"),
  );
}

/** Ends the hand-over; stan proposes a change of a parameter and votes for it. */
export async function startVote({ cli, journal, say }: VoteJob): Promise<string> {
  await journal.step("handed over", handedOver, () =>
    cli.json(["governance", "hand-over", "--wait"], "governor"),
  );
  const call = `parameters.reviewPeriod=${REVIEW_PERIOD}`;
  const { number } = await journal.step("proposal", proposed, () =>
    cli.json(["governance", "propose", "Review faster", call], "stan"),
  );
  if (!journal.has("vote")) say(`stan proposed ${call} and votes for it`);
  await journal.step("vote", anything, () =>
    cli.json(["governance", "vote", String(number), "for", "--wait"], "stan"),
  );
  return String(number);
}

/** Queues and executes it, and looks. */
export async function finishVote({ cli, journal }: VoteJob, proposal: string): Promise<Voted> {
  await journal.step("queue", anything, () => cli.json(["governance", "queue", proposal, "--wait"], "stan"));
  await journal.step("execute", anything, () =>
    cli.json(["governance", "execute", proposal, "--wait"], "stan"),
  );
  const powers = handedOver.shape.powers.parse(await cli.json(["governance", "powers"]));
  const shown = z.object({ reviewPeriod: z.number() }).parse(await cli.json(["governance", "parameters"]));
  return {
    proposal,
    reviewPeriod: shown.reviewPeriod,
    keys: powers.filter(({ isPerson }) => isPerson).map(({ contract, power }) => `${contract}.${power}`),
  };
}

/** What keys may still do: nothing but their jobs, and the council's to cancel and pause. */
const KEYS = [
  ...["systemConfig.batcherHash", "systemConfig.unsafeBlockSigner"],
  ...["l2OutputOracle.proposer", "l2OutputOracle.challenger"],
  ...["l1Timelock.CANCELLER_ROLE", "pauseGuardian.COUNCIL", "governor.proposalGuardian"],
];

/** Whether the vote did what it should, and only the named keys are left. */
export function voteHolds({ reviewPeriod, keys }: Voted): { changed: boolean; handedOver: boolean } {
  return {
    changed: reviewPeriod === REVIEW_PERIOD,
    handedOver: keys.length === KEYS.length && KEYS.every((key) => keys.includes(key)),
  };
}
