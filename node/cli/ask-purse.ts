import { formatEther, type LocalAccount } from "viem";
import { getEpoch } from "../ai/client/epochs.ts";
import type { Question } from "../ai/datanet/row-tokens.ts";
import { prepaidId, prepaidToJson } from "../ai/epoch/prepaid.ts";
import { askPrepaid } from "../ai/serve/prepaid-order.ts";
import { sleep } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { type CliContext, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { feeOfAnswer, type KeptPrepaid, keptPrepaid } from "./prepaid.ts";
import type { Protocol } from "./protocol.ts";
import { weightLines } from "./weight-lines.ts";

/** Generating and attributing on a busy machine. */
const ANSWER_MS = 120_000;
const POLL_MS = 1_000;

/** `openledger ask --purse`: an answer for a voucher. */
export async function askByPurse(
  context: CliContext,
  protocol: Protocol,
  account: LocalAccount,
  asked: { modelId: bigint; question: Question; host: Address; salt: Hash; wait: boolean },
): Promise<void> {
  const { modelId, question, host, salt, wait } = asked;
  const { answer, voucher } = await askPrepaid(protocol, account, modelId, question, {
    ...{ host, salt, timeoutMs: ANSWER_MS },
  }).catch((cause: unknown) => {
    // What the host or the chain refuses says why itself.
    if (isCodedError(cause) && cause.code !== "RPC_UNREACHABLE") throw cause;
    throw cliError("ANSWER_MISSING", {
      message: `the host ${host} gave no answer`,
      fix: "ask again when it is back; what it took for this one all the same shows `openledger purse show`",
      facts: { host, salt },
      cause,
    });
  });
  const id = prepaidId(answer.payer, answer.claim.requestHash);
  const kept = wait ? await settled(protocol, account, id) : null;
  const place = kept?.place ?? null;
  print(context, { id, answer: prepaidToJson(answer), voucher, place }, [
    answer.answer,
    "",
    `prepaid answer ${id}`,
    `fee ${formatEther(feeOfAnswer(answer))} OPEN out of the purse; signed so far ${formatEther(voucher.cumulative)} OPEN`,
    ...weightLines(answer),
    place
      ? `settled in epoch ${place.epochId}, position ${place.position}`
      : `its epoch is not settled yet: see \`openledger receipt show ${id}\` with the same --key`,
  ]);
}

/** Waits until the answer's epoch stands. @throws CodedError CLAIM_REFUTED. */
async function settled({ client, at }: Protocol, account: LocalAccount, id: Hash): Promise<KeptPrepaid> {
  for (;;) {
    const kept = await keptPrepaid({ client, at }, account, id);
    const status = kept.place && (await getEpoch(client, at, kept.place.epochId)).status;
    if (status === "settled") return kept;
    if (status === "refuted" || status === "returned") {
      throw cliError("CLAIM_REFUTED", {
        message: `epoch ${kept.place!.epochId} was proven false; the fees of its payers go back into their purses`,
        fix: "ask again, another host for choice",
        facts: { id },
      });
    }
    await sleep(POLL_MS);
  }
}
