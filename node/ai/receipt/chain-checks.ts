import { recoverMessageAddress } from "viem";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { hashOfClaim, postedClaims } from "../client/claims.ts";
import { getContribution } from "../client/datanets.ts";
import { paidContributions } from "../client/earnings.ts";
import { payeesAt } from "../client/income.ts";
import { getRequest, type MarketRequest, settlementOf } from "../client/market.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { CheckFailed, type CheckList, expectSame } from "./checks.ts";
import { modelPart, type Receipt, requestPart } from "./receipt.ts";

/** Compares a receipt with the chain. @param onModel is given the model as the registry has it. */
export async function checkChain(
  list: CheckList,
  receipt: Receipt,
  client: ChainClient,
  at: ProtocolAddresses,
  onModel: (model: RegisteredModel) => void,
): Promise<void> {
  const { modelId } = receipt.request;
  await list.check(
    "chain and contract",
    () => {
      expectSame("chain id", receipt.chainId, client.chain.id);
      expectSame("market", receipt.market, at.market);
      return `chain ${client.chain.id}, market ${at.market}`;
    },
    "on chain",
  );
  await checkModel(list, receipt.model, modelId, { client, at }, onModel);
  let request: MarketRequest | undefined;
  await list.check(
    "claim on chain",
    async () => {
      request = await getRequest(client, at, receipt.request.requestId);
      return checkClaim(receipt, client, at, request);
    },
    "on chain",
  );
  await checkContributors(list, receipt, client, at);
  if (request) await checkStanding(list, receipt, request);
  if (!receipt.settlement)
    list.skip("settlement on chain", "the receipt was made before the settlement", "waits");
  else await list.check("settlement on chain", () => checkSettlement(receipt, client, at), "on chain");
}

/** Compares what a receipt says of its model with the registry. @param onModel is given the model as the registry has it. */
export async function checkModel(
  list: CheckList,
  said: Receipt["model"],
  modelId: bigint,
  { client, at }: { client: ChainClient; at: ProtocolAddresses },
  onModel: (model: RegisteredModel) => void,
): Promise<void> {
  await list.check(
    "model on chain",
    async () => {
      const model = await getModel(client, at, modelId);
      onModel(model);
      const found = modelPart(model);
      for (const key of Object.keys(said) as (keyof typeof found)[]) {
        expectSame(key, said[key], found[key]);
      }
      return `model ${modelId} has the receipt's hashes, commitment and split`;
    },
    "on chain",
  );
}

/** The host's signature binds it to this answer, with or without the chain. */
export async function checkSignature(list: CheckList, receipt: Receipt): Promise<void> {
  await list.check("host's signature", async () => {
    const { claim, request, chainId, market, claimHash, hostSignature } = receipt;
    expectSame("the claim's request", claim.requestId, request.requestId);
    expectSame("the claim's model", claim.modelId, request.modelId);
    expectSame("the claim's request hash", claim.requestHash, request.requestHash);
    expectSame("claim hash", claimHash, hashOfClaim(chainId, market, claim));
    const signer = await recoverMessageAddress({ message: { raw: claimHash }, signature: hostSignature });
    expectSame("signer", signer.toLowerCase(), request.host);
    return `${request.host} signed the claim of this answer`;
  });
}

async function checkClaim(
  receipt: Receipt,
  client: ChainClient,
  at: ProtocolAddresses,
  request: MarketRequest,
): Promise<string> {
  const { requestId } = request;
  const found = requestPart(request);
  for (const key of Object.keys(receipt.request) as (keyof typeof found)[]) {
    expectSame(key, receipt.request[key], found[key]);
  }
  expectSame("claim hash", receipt.claimHash, request.claimHash);
  expectSame(
    "hash of the receipt's claim",
    hashOfClaim(client.chain.id, at.market, receipt.claim),
    request.claimHash,
  );
  const to = await client.public.getBlockNumber();
  const posted = await postedClaims(client, at, { from: 0n, to, requestId });
  const event = posted.find((item) => item.transactionHash === receipt.claimTransaction);
  if (!event)
    throw new CheckFailed(`the transaction ${receipt.claimTransaction} posted no claim of this request`);
  expectSame("proved", receipt.proved, event.proved);
  return `request ${requestId} is ${request.status}, its claim is the receipt's`;
}

/** Whether the registry names the same contributors. */
export async function checkContributors(
  list: CheckList,
  receipt: Pick<Receipt, "contributors" | "claim">,
  client: ChainClient,
  at: ProtocolAddresses,
): Promise<void> {
  await list.check(
    "contributors on chain",
    async () => {
      const ids = receipt.contributors.map(({ contributionId }) => contributionId);
      expectSame("contributions", ids, paidContributions(receipt.claim));
      for (const { contributionId, contributor } of receipt.contributors) {
        const found = await getContribution(client, at, contributionId);
        expectSame(
          `contributor of contribution ${contributionId}`,
          contributor,
          found.contributor.toLowerCase(),
        );
      }
      return `the registry names the same contributors of ${ids.length} contributions`;
    },
    "on chain",
  );
}

/** What the chain says of the claim's truth by now. */
async function checkStanding(list: CheckList, receipt: Receipt, request: MarketRequest): Promise<void> {
  if (receipt.proved)
    await list.check(
      "scores and weights",
      () => "the precompile checked them with their records when the claim was posted",
      "proved on chain",
    );
  if (request.status === "claimed") {
    const until = new Date(Number(request.deadline) * 1000).toISOString();
    list.skip("challenge window", `open until ${until}: the claim can still be proven false`, "waits");
    return;
  }
  await list.check(
    "challenge window",
    () => {
      if (request.status === "settled") return "passed: nobody showed that the claim is false";
      throw new CheckFailed(`the request is ${request.status}`);
    },
    "on chain",
  );
}

async function checkSettlement(
  receipt: Receipt,
  client: ChainClient,
  at: ProtocolAddresses,
): Promise<string> {
  const settlement = await settlementOf(client, at, receipt.request.requestId);
  if (!settlement) throw new CheckFailed("the chain has no settlement of this request");
  const { blockNumber, logIndex, ...found } = settlement;
  const said = receipt.settlement!;
  expectSame("fee", said.fee, found.fee);
  for (const key of Object.keys(said.payout) as (keyof typeof said.payout)[]) {
    expectSame(key, said.payout[key], found.payout[key]);
  }
  expectSame("payments", said.paid, found.paid);
  expectSame("transaction", said.transactionHash, found.transactionHash);
  const ids = said.paid.map(({ contributionId }) => contributionId);
  const payees = await payeesAt(client, at, ids, { blockNumber, logIndex });
  expectSame(
    "payees",
    said.paid.map(({ to }) => to),
    payees,
  );
  return `block ${blockNumber} holds the receipt's fee, division and ${found.paid.length} payments`;
}
