import { privateKeyToAccount } from "viem/accounts";
import { Session } from "../native/js/index.ts";
import { weightsOf } from "../node/ai/attribution/score.ts";
import { rewardBalance } from "../node/ai/client/balances.ts";
import { connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { rpcSource } from "../node/ai/client/content.ts";
import {
  type Claim,
  claimBond,
  getRequest,
  hashOfTokens,
  postClaim,
  quote,
  requestInference,
} from "../node/ai/client/market.ts";
import { getModel } from "../node/ai/client/models.ts";
import { loadServedModel, runInference, type ServedModel } from "../node/ai/serve/inference.ts";
import { sleep } from "../node/base/clock.ts";
import type { CodedError } from "../node/base/errors.ts";
import { inferenceMarketAbi } from "../node/chain/generated/abi.ts";
import { devAccounts } from "./accounts.ts";
import { devnetError } from "./errors.ts";

/** A watcher looks at every block; this is far more than it needs. */
const REFUTE_MS = 60_000;

/**
 * A host that lies: it answers a paid request honestly, then raises one row's score in an optimistic claim, and waits
 * for what becomes of it. It speaks to the chain by JSON-RPC like any host.
 */
export async function postFalseClaim(
  { rpcUrl, signal }: { rpcUrl: string; signal: AbortSignal },
  modelId: string,
  question: string,
) {
  const { mallory, paula, watcher } = devAccounts();
  const client = await connectChain(rpcUrl);
  const at = await client.rpc<ProtocolAddresses>("openledger_protocol", []);
  const model = await loadServedModel(rpcSource(client), await getModel(client, at, BigInt(modelId)));
  const maxTokensOut = model.method.generation.maxTokens;
  const inference = await runInference(new Session(), model, question, maxTokensOut, signal);
  const tokensIn = inference.promptIds.length;
  const { requestId } = await requestInference(client, at, privateKeyToAccount(paula.privateKey), {
    modelId: BigInt(modelId),
    host: mallory.address,
    promptHash: hashOfTokens(inference.promptIds),
    maxTokensIn: tokensIn,
    maxTokensOut,
    escrow: await quote(client, at, BigInt(modelId), tokensIn, maxTokensOut),
  });
  const watcherBalanceBefore = await rewardBalance(client, at, watcher.address);
  const claimed = await postClaim(client, at, privateKeyToAccount(mallory.privateKey), {
    requestId,
    claim: withFalseScore(inference.claim, model),
    bond: await claimBond(client, at),
  });
  const deadline = AbortSignal.timeout(REFUTE_MS);
  while ((await getRequest(client, at, requestId)).status !== "refuted") {
    if (deadline.aborted) throw notRefuted(requestId);
    await sleep(500, signal);
  }
  const [event] = await client.public.getContractEvents({
    address: at.market,
    abi: inferenceMarketAbi,
    eventName: "InferenceRefuted",
    args: { requestId },
    fromBlock: claimed.receipt.blockNumber,
    strict: true,
  });
  return {
    requestId: requestId.toString(),
    claimTransaction: claimed.hash,
    challengeTransaction: event?.transactionHash,
    bond: event?.args.bond.toString(),
    watcherBalanceBefore: watcherBalanceBefore.toString(),
    watcherBalanceAfter: (await rewardBalance(client, at, watcher.address)).toString(),
  };
}

/** The last row of the list gets the score of the one before it: the order still looks right. */
function withFalseScore(claim: Claim, model: ServedModel): Claim {
  const rows = claim.rows.map((row, i) =>
    i === claim.rows.length - 1 ? { ...row, score: falseScore(claim, i) } : row,
  );
  const { records, commitment } = model.index;
  return { ...claim, rows, weights: weightsOf(rows, (row) => records[row]!.contributor, commitment.floor) };
}

function falseScore({ rows }: Claim, last: number): bigint {
  const own = rows[last]!.score;
  const before = rows[last - 1]?.score;
  // One less where both are equal: any other number is as false.
  return before === undefined || before === own ? own - 1n : before - 1n > own ? before - 1n : own - 1n;
}

function notRefuted(requestId: bigint): CodedError {
  return devnetError("FALSE_CLAIM_STANDS", {
    message: `nobody proved the false claim for request ${requestId} wrong within ${REFUTE_MS / 1000} s`,
    fix: "look at the watcher's log",
    facts: { requestId },
  });
}
