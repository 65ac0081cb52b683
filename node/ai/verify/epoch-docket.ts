import { casesIn } from "../client/audits.ts";
import { drawnPositions, type EpochState, isLeafOpened, openLeaf } from "../client/epochs.ts";
import { type Epoch, epochIdOfRequest, positionOfRequest } from "../epoch/epoch.ts";
import { shownLeaf } from "../epoch/shown.ts";
import { epochBoard } from "./board.ts";
import type { Standing, StepOptions } from "./dispute-steps.ts";
import { untilSeed } from "./dispute-steps.ts";
import { Docket } from "./docket.ts";

/**
 * Takes each step of an epoch's audits and disputes that anybody may take: opens the inferences that chance drew, has them audited, and
 * follows every case until a panel decided. It keeps nothing from one look to the next.
 */
export class EpochDocket {
  private readonly options: StepOptions;
  private readonly docket: Docket;

  constructor(options: StepOptions) {
    this.options = options;
    this.docket = new Docket(options, epochBoard(options.client, options.at));
  }

  /**
   * Brings a closed epoch forward.
   * @param epoch its leaves, as they are in the trees that it was closed with
   * @param from the block of its closing
   * @param now the chain's time in seconds
   */
  async advance(
    epoch: Epoch,
    { seedBlock }: Pick<EpochState, "seedBlock">,
    from: bigint,
    now: bigint,
  ): Promise<Standing> {
    const { client, at, seeds } = this.options;
    if (seedBlock === 0n) return { kind: "clear" };
    if (!(await seeds.obtain(seedBlock))) return untilSeed(seeds, seedBlock, now);
    const positions = new Set(await drawnPositions(client, at, epoch.epochId));
    const range = { from, to: await client.public.getBlockNumber() };
    for (const { requestId } of await casesIn(client, { audits: at.epochAudits }, range))
      if (epochIdOfRequest(requestId) === epoch.epochId) positions.add(positionOfRequest(requestId));
    let due: bigint | undefined;
    for (const position of positions) {
      const standing = await this.inference(epoch, position, now);
      if (standing.kind === "over") return standing;
      if (standing.kind === "later" && (due === undefined || standing.due < due)) due = standing.due;
    }
    return due === undefined ? { kind: "clear" } : { kind: "later", due };
  }

  private async inference(epoch: Epoch, position: number, now: bigint): Promise<Standing> {
    const { client, at, account, logger } = this.options;
    const { epochId } = epoch;
    const { claim } = epoch.inferences[position]!;
    if (!(await isLeafOpened(client, at, claim))) {
      const { hash } = await openLeaf(client, at, account, epochId, shownLeaf(epoch, position));
      logger.info({ epochId, position, transaction: hash }, "opened an inference that is audited");
    }
    return this.docket.advance(claim, now);
  }
}
