import { encodeFunctionData } from "viem";
import { caseOf, disputeClaim } from "../../node/ai/client/audits.ts";
import { send } from "../../node/ai/client/chain.ts";
import { freezeDatanet } from "../../node/ai/client/datanets.ts";
import { getDispute } from "../../node/ai/client/disputes.ts";
import { getRequest } from "../../node/ai/client/market.ts";
import { vote } from "../../node/ai/client/reviews.ts";
import type { ReceiptJson } from "../../node/ai/receipt/receipt.ts";
import { parseReceipt } from "../../node/ai/receipt/receipt.ts";
import { attributionLedgerAbi, datanetRegistryAbi } from "../../node/chain/generated/abi.ts";
import { missingContributor } from "./claim-lies.ts";
import { accepted, ask, becomeHost, contribute, type World } from "./world.ts";

const ANSWER_MS = 120_000;
const SETTLE_S = 600;

/** What has to hold beside the lies, by name. Each gives what it saw, and throws where it did not hold. */
export const HONEST: Readonly<Record<string, (world: World) => Promise<string>>> = {
  "audit that finds nothing": auditThatFindsNothing,
  "verifier killed": verifierKilled,
  "watcher killed": watcherKilled,
  takedown,
};

/** The honest host answers paula; a panel is asked; gives the request's number. */
async function disputedAnswer({ ground, ...world }: World): Promise<bigint> {
  const { client, at, dev } = ground;
  const asked = await ask({ ground, ...world }, dev("host").address);
  const params = [{ ...asked, requestId: asked.requestId.toString() }];
  const receipt = parseReceipt(await client.rpc<ReceiptJson>("openledger_ask", params, ANSWER_MS));
  await disputeClaim(client, at, dev("paula"), receipt.claim);
  return asked.requestId;
}

async function settledAfterVerdict({ ground }: World, requestId: bigint): Promise<string> {
  const { client, at, until } = ground;
  await until(`request ${requestId} is settled`, SETTLE_S, async () => {
    const { status } = await getRequest(client, at, requestId);
    if (status === "refuted") throw new Error(`the honest claim of request ${requestId} was refuted`);
    return status === "settled";
  });
  const { disputeId, isUpheld } = await caseOf(client, at, requestId);
  const { status } = await getDispute(client, at, disputeId);
  if (!isUpheld || status !== "decided") throw new Error(`dispute ${disputeId} is ${status}`);
  return `a panel upheld request ${requestId}, and it was settled`;
}

async function auditThatFindsNothing(world: World): Promise<string> {
  return settledAfterVerdict(world, await disputedAnswer(world));
}

/** SIGKILL while its panel is at work; it comes back and misses nothing that it can do. */
async function verifierKilled(world: World): Promise<string> {
  const { ground } = world;
  const { client, at, until } = ground;
  const requestId = await disputedAnswer(world);
  const { disputeId } = await caseOf(client, at, requestId);
  await until(
    "a panel is drawn",
    120,
    async () => (await getDispute(client, at, disputeId)).status === "drawn",
  );
  ground.kill("verifier");
  return `${await settledAfterVerdict(world, requestId)} though a verifier was killed`;
}

/** SIGKILL right before a lie; the watcher comes back within the claim's window and refutes it. */
async function watcherKilled(world: World): Promise<string> {
  const { ground } = world;
  const liar = await ground.wallet();
  await becomeHost(world, liar);
  ground.kill("watcher");
  return `${await missingContributor(world, liar)}: refuted by a watcher that was killed before`;
}

/** A contributor takes its rows back: later snapshots skip them, those frozen before stay as they are. */
async function takedown({ ground, datanetId }: World): Promise<string> {
  const { client, at, dev } = ground;
  const dov = dev("dov");
  const id = await contribute(ground, dov, datanetId, "private.jsonl", [["Who is Dov?", "a contributor"]]);
  await vote(client, at, dev("rita"), { contributionId: id, approve: true, reason: "" });
  await accepted(ground, id);
  const { number: before } = await freezeDatanet(client, at, dev("olga"), datanetId);
  const retire = encodeFunctionData({ abi: datanetRegistryAbi, functionName: "retire", args: [id] });
  await send(client, dov, { to: at.datanets, data: retire });
  const { number: after } = await freezeDatanet(client, at, dev("olga"), datanetId);
  const isSkipped = (number: number) =>
    client.public.readContract({
      ...{ address: at.ledger, abi: attributionLedgerAbi, args: [id, number] },
      functionName: "isSkipped",
    });
  if ((await isSkipped(before)) || !(await isSkipped(after)))
    throw new Error("the snapshots say something else");
  return `contribution ${id} is skipped from snapshot ${after} on`;
}
