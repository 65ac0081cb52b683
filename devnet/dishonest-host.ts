import { bytesToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { Session } from "../native/js/index.ts";
import { listByGain } from "../node/ai/attribution/score.ts";
import { recordOf } from "../node/ai/attribution/sketch-index.ts";
import { rewardBalance } from "../node/ai/client/balances.ts";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { challengeDeposit } from "../node/ai/client/challenges.ts";
import { postClaim } from "../node/ai/client/claims.ts";
import { rpcSource } from "../node/ai/client/content.ts";
import { getRequest, quote, refutationOf, requestInference, rewardOf } from "../node/ai/client/market.ts";
import { getModel } from "../node/ai/client/models.ts";
import { GREEDY, hashOfRequest } from "../node/ai/client/request-hash.ts";
import { ContextRows } from "../node/ai/context/compose.ts";
import { trueClaim } from "../node/ai/serve/claim-with-cover.ts";
import {
  type Inference,
  loadServedModel,
  runInference,
  type ServedModel,
} from "../node/ai/serve/inference.ts";
import { committedRows } from "../node/ai/spans/model-spans.ts";
import { randomBytes, sleep } from "../node/base/clock.ts";
import type { CodedError } from "../node/base/errors.ts";
import type { InfluenceList } from "../precompiles/influence-verifier/types.ts";
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
  const { mallory, watcher } = devAccounts();
  const client = await connectChain(rpcUrl);
  const at = await client.rpc<ProtocolAddresses>("openledger_protocol", []);
  const model = await loadServedModel(rpcSource(client), await getModel(client, at, BigInt(modelId)));
  const maxTokensOut = model.method.generation.maxTokens;
  const source = rpcSource(client);
  const rows = () => committedRows(client, at, source, model.registered, model.manifest);
  const inference = await runInference(new Session(), model, question, maxTokensOut, {
    rows: async () => new ContextRows((await rows()).set.examples),
    signal,
  });
  const requestId = await request({ client, at }, model, inference);
  const watcherBalanceBefore = await rewardBalance(client, at, watcher.address);
  const { requestHash, claimBond } = await getRequest(client, at, requestId);
  const honest = await trueClaim(
    inference,
    { requestId, modelId: BigInt(modelId), requestHash },
    model.index,
    rows,
  );
  const claimed = await postClaim(client, at, privateKeyToAccount(mallory.privateKey), {
    claim: { ...honest.claim, list: withFalseScore(honest.claim.list, model) },
    query: honest.query,
    bond: claimBond,
  });
  const refuted = await awaitReward({ client, at }, requestId, signal);
  return {
    requestId: requestId.toString(),
    claimTransaction: claimed.hash,
    challengeTransaction: refuted.transactionHash,
    lost: refuted.lost.toString(),
    deposit: (await challengeDeposit(client, at)).toString(),
    watcherBalanceBefore: watcherBalanceBefore.toString(),
    watcherBalanceAfter: (await rewardBalance(client, at, watcher.address)).toString(),
  };
}

interface Protocol {
  client: ChainClient;
  at: ProtocolAddresses;
}

/** Paula asks, and leaves what the longest answer costs. */
async function request(
  { client, at }: Protocol,
  model: ServedModel,
  { promptIds }: Inference,
): Promise<bigint> {
  const { mallory, paula } = devAccounts();
  const { modelId, adapterHash } = model.registered;
  const [maxTokensIn, maxTokensOut] = [promptIds.length, model.method.generation.maxTokens];
  const salt = bytesToHex(randomBytes(32));
  const terms = { salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut };
  const { requestId } = await requestInference(client, at, privateKeyToAccount(paula.privateKey), {
    ...{ modelId, maxTokensIn, maxTokensOut },
    host: mallory.address,
    requestHash: hashOfRequest(terms),
    escrow: await quote(client, at, modelId, maxTokensIn, maxTokensOut),
  });
  return requestId;
}

/** Waits until the claim is refuted and its challenger has drawn the reward. */
async function awaitReward({ client, at }: Protocol, requestId: bigint, signal: AbortSignal) {
  const deadline = AbortSignal.timeout(REFUTE_MS);
  for (;;) {
    const refuted = await refutationOf(client, at, requestId);
    if (refuted && (await rewardOf(client, at, requestId)).reward === 0n) return refuted;
    if (deadline.aborted) throw notRefuted(requestId);
    await sleep(500, signal);
  }
}

/** The last row of the list gets another score, its gain stays: the order still looks right. */
function withFalseScore({ rowIds, scores, gains }: InfluenceList, { index }: ServedModel): InfluenceList {
  const rows = rowIds.map((rowId, i) => ({ rowId, score: scores[i]! }));
  const last = rows.at(-1)!;
  last.score = last.score > 1n ? last.score - 1n : last.score + 1n;
  const gainOf = (rowId: number) => gains[rowIds.indexOf(rowId)]!;
  return listByGain(index.commitment, rows, (rowId) => recordOf(index, rowId), gainOf);
}

function notRefuted(requestId: bigint): CodedError {
  return devnetError("FALSE_CLAIM_STANDS", {
    message: `nobody proved the false claim for request ${requestId} wrong within ${REFUTE_MS / 1000} s`,
    fix: "look at the watcher's log",
    facts: { requestId },
  });
}
