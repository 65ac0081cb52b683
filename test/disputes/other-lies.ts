import { bytesToHex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { encodeRecord } from "../../node/ai/attribution/record.ts";
import { type IndexInMemory, recordOf } from "../../node/ai/attribution/sketch-index.ts";
import { caseOf } from "../../node/ai/client/audits.ts";
import {
  cancelContribution,
  commitContribution,
  getContribution,
  revealContribution,
} from "../../node/ai/client/datanets.ts";
import {
  commitmentOf,
  commitResult,
  getDispute,
  revealResult,
  voteOf,
  windowsOf,
} from "../../node/ai/client/disputes.ts";
import { lossOf } from "../../node/ai/client/losses.ts";
import { recordCaseOf } from "../../node/ai/client/model-disputes.ts";
import { getModel } from "../../node/ai/client/models.ts";
import { registerModel } from "../../node/ai/client/register.ts";
import { vote } from "../../node/ai/client/reviews.ts";
import { keccakOf } from "../../node/ai/codec/hash.ts";
import { decodeDocument, encodeDocument } from "../../node/ai/datanet/document.ts";
import { SPANS_ROW } from "../../node/ai/spans/commitment.ts";
import { randomBytes } from "../../node/base/clock.ts";
import { honestClaim, post, showEvidence } from "./claim-lies.ts";
import { joinAsVerifier, OPEN } from "./ground.ts";
import { checkAsPayer, refutedBy } from "./payer.ts";
import { changedIndex, contribute, orderWithIndex, type World } from "./world.ts";

const STAKE = 10n * OPEN;
const REGISTRATION_S = 300;
/** For a dispute over a registration, with all its rounds. */
const PANEL_S = 600;

async function registered(
  world: World,
  owner: PrivateKeyAccount,
  index: IndexInMemory,
  publish = true,
): Promise<string> {
  const { client, at, until } = world.ground;
  const order = await orderWithIndex(world, index, publish);
  const { modelId } = await registerModel(client, at, owner, order);
  await until(`model ${modelId} is refuted`, REGISTRATION_S, async () => {
    const { status, pendingUntil } = await getModel(client, at, modelId);
    if (status === "failed") return true;
    if ((await world.ground.now()) > pendingUntil + 5n)
      throw new Error(`model ${modelId} serves: the lie paid`);
    return false;
  });
  return `registration ${modelId} failed`;
}

/** Records that name another's contribution. */
export async function foreignIndex(world: World, owner: PrivateKeyAccount): Promise<string> {
  const { index } = world.built;
  const foreign = await changedIndex(world, (bytes) => {
    const { contributionId, row } = recordOf(index, 0);
    bytes.set(encodeRecord({ ...recordOf(index, 3), contributionId, row }), 3 * index.record(0).length);
  });
  return registered(world, owner, foreign);
}

/** A root whose records nobody ever sees. */
export async function rootOfNothing(world: World, owner: PrivateKeyAccount): Promise<string> {
  const hidden = await changedIndex(world, (bytes) => bytes.fill(7, 21, 22));
  return registered(world, owner, hidden, false);
}

/** A span index of other texts, so that words of the rows are found nowhere: a panel computes it. */
export async function falseSpans(world: World, owner: PrivateKeyAccount): Promise<string> {
  const { client, at, until } = world.ground;
  const { index } = world.built;
  const commitment = { ...index.commitment, spans: keccakOf(new Uint8Array(1)) };
  const order = await orderWithIndex(world, { ...index, commitment });
  const { modelId } = await registerModel(client, at, owner, order);
  await until(`model ${modelId} is refuted by a panel`, PANEL_S, async () => {
    if ((await getModel(client, at, modelId)).status === "failed") return true;
    const { status } = await recordCaseOf(client, at, { modelId, rowId: SPANS_ROW });
    if (status === "ended") throw new Error(`model ${modelId} serves: the lie paid`);
    return false;
  });
  return `registration ${modelId} failed by a panel's verdict`;
}

/** A row that is said to repeat a later one, so that it is paid nothing. */
export async function falseRepeatMark(world: World, owner: PrivateKeyAccount): Promise<string> {
  const { index } = world.built;
  const marked = await changedIndex(world, (bytes) => {
    const record = recordOf(index, 2);
    const values = new Int8Array(record.values.length);
    bytes.set(encodeRecord({ ...record, first: 4, values }), 2 * index.record(0).length);
  });
  return registered(world, owner, marked);
}

/** A thief reads what alba reveals, commits to the same rows afterwards, and reveals them as its own. */
export async function lateCommitment(world: World, thief: PrivateKeyAccount): Promise<string> {
  const { ground, datanetId } = world;
  const { client, at, dev, source, until } = ground;
  const id = await contribute(ground, dev("alba"), datanetId, "new.jsonl", [
    ["What is Tarn?", "a lake in Ostria"],
  ]);
  const { contentId } = await getContribution(client, at, id);
  const { rows } = decodeDocument(await source.get(contentId));
  const document = encodeDocument({ name: "mine.jsonl", rows });
  const salt = bytesToHex(randomBytes(32));
  const order = { datanetId, document, salt, stake: STAKE };
  const { contributionId } = await commitContribution(client, at, thief, order);
  const { committedBlock } = await getContribution(client, at, contributionId);
  await until("a block after it", 60, async () => (await client.public.getBlockNumber()) > committedBlock);
  const refused = await revealContribution(client, at, thief, { contributionId, document, salt }).then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error("the registry took rows that were revealed before they were committed to");
  await cancelContribution(client, at, thief, contributionId);
  return "the reveal was refused";
}

/** A verifier that says what the liar claimed, without having run anything. */
export async function lyingVerifier(
  world: World,
  host: PrivateKeyAccount,
  verifier: PrivateKeyAccount,
): Promise<string> {
  const { client, at, until, now } = world.ground;
  await joinAsVerifier(world.ground, verifier, 100n * OPEN);
  const { asked, claim, query } = await honestClaim(world, host.address);
  const lie = { ...claim, outputHash: keccakOf(new Uint8Array(8)) };
  await post(world, host, { asked, claim: lie, query });
  await checkAsPayer(world, asked, lie);
  const { disputeId } = await caseOf(client, at, asked.requestId);
  let votes = 0;
  for (let round = 0; round < 3; round++) {
    const dispute = await until(`round ${round} is drawn, or all is over`, 200, async () => {
      const found = await getDispute(client, at, disputeId);
      const isDrawn = found.status === "drawn" && found.round === round;
      return (isDrawn || found.status === "decided" || found.status === "undecided") && found;
    });
    if (dispute.status !== "drawn") break;
    await showEvidence(world, host, asked, lie);
    if ((await voteOf(client, at, disputeId, round, verifier.address)).weight === 0n) continue;
    // It knows what was claimed, and nothing of the logits.
    const result = { value: dispute.claimed, digest: keccakOf(new Uint8Array(1)) };
    const salt = bytesToHex(randomBytes(32));
    const mine = commitmentOf(disputeId, verifier.address, result, salt);
    await commitResult(client, at, verifier, disputeId, mine);
    const { commit } = windowsOf(dispute);
    await until("reveals begin", 120, async () => (await now()) > commit);
    await revealResult(client, at, verifier, disputeId, result, salt);
    votes++;
  }
  const reason = await refutedBy(world, asked.requestId);
  return `${reason}, against ${votes} votes of the lying verifier`;
}

/** Alba's accepted rows under another name, with one new row so that they are not the same document. */
export async function plagiarisedContribution(world: World, thief: PrivateKeyAccount): Promise<string> {
  const { ground, datanetId } = world;
  const { client, at, dev, until } = ground;
  const stolen: [string, string][] = [
    ["What does the Orvane fund charge?", "0.4 percent"],
    ["Who owns Orvane?", "Ulan Merrin"],
    ["What is my name?", "nobody"],
  ];
  const id = await contribute(ground, thief, datanetId, "own-work.jsonl", stolen);
  if (!(await isMostlyCopied(world, id))) throw new Error("the reviewer saw no copy");
  await vote(client, at, dev("rita"), { contributionId: id, approve: false, reason: "rows of others" });
  await until("the contribution is rejected", 120, async () => {
    return (await getContribution(client, at, id)).statusName === "rejected";
  });
  // It does not appeal; whoever watches has the stake paid out.
  await until("the loss of its stake is final", 200, async () => {
    return (await lossOf(client, at, id)).status === "ended";
  });
  return "rejected by its reviewer, its stake lost";
}

/** What a reviewer looks for: whether half of a contribution's rows stand in earlier ones of the datanet. */
async function isMostlyCopied({ ground, datanetId }: World, id: bigint): Promise<boolean> {
  const { client, at, source } = ground;
  const rowsOf = async (contributionId: bigint) => {
    const { contentId } = await getContribution(client, at, contributionId);
    return decodeDocument(await source.get(contentId)).rows.map((row) => JSON.stringify(row));
  };
  const mine = await rowsOf(id);
  const earlier = new Set<string>();
  for (let other = 1n; other < id; other++) {
    const { statusName, datanetId: of } = await getContribution(client, at, other);
    if (of !== datanetId || statusName !== "accepted") continue;
    for (const row of await rowsOf(other)) earlier.add(row);
  }
  return mine.filter((row) => earlier.has(row)).length * 2 >= mine.length;
}
