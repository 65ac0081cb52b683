import type { PrivateKeyAccount } from "viem/accounts";
import {
  aimedQuery,
  madeUpContext,
  missingContributor,
  replay,
  selfRefutation,
  undeliveredAnswer,
  withheldQuery,
  wrongTokens,
  zeroQuery,
} from "./claim-lies.ts";
import { falseBits, falsePlace, hiddenPart, hiddenSpan } from "./cover-lies.ts";
import {
  falseRepeatMark,
  falseSpans,
  foreignIndex,
  lateCommitment,
  lyingVerifier,
  plagiarisedContribution,
  rootOfNothing,
} from "./other-lies.ts";
import type { World } from "./world.ts";

/** A way to lie. */
interface Lie {
  /** Its maker stakes as a host and takes the model before. */
  isHost: boolean;
  /**
   * Tells the lie and waits until the ordinary daemons and people have dealt with it.
   * @param friend a second wallet of its maker.
   * @returns what became of it, in words. @throws where it was not refuted.
   */
  tell(world: World, maker: PrivateKeyAccount, friend: PrivateKeyAccount): Promise<string>;
}

/** Every lie that is known, by name; each is really told on the chain. */
export const LIES: Readonly<Record<string, Lie>> = {
  "zero query": { isHost: true, tell: zeroQuery },
  "aimed query": { isHost: true, tell: aimedQuery },
  "made-up context": { isHost: true, tell: madeUpContext },
  replay: { isHost: true, tell: replay },
  "wrong tokens": { isHost: true, tell: wrongTokens },
  "withheld query": { isHost: true, tell: withheldQuery },
  "undelivered answer": { isHost: true, tell: undeliveredAnswer },
  "foreign index": { isHost: false, tell: foreignIndex },
  "root of nothing": { isHost: false, tell: rootOfNothing },
  "missing contributor": { isHost: true, tell: missingContributor },
  "hidden span": { isHost: true, tell: hiddenSpan },
  "hidden part": { isHost: true, tell: hiddenPart },
  "false place": { isHost: true, tell: falsePlace },
  "false bits": { isHost: true, tell: falseBits },
  "false spans": { isHost: false, tell: falseSpans },
  "false repeat mark": { isHost: false, tell: falseRepeatMark },
  "self-refutation": { isHost: true, tell: selfRefutation },
  "late commitment": { isHost: false, tell: lateCommitment },
  "lying verifier": { isHost: true, tell: lyingVerifier },
  "plagiarised contribution": { isHost: false, tell: plagiarisedContribution },
};
