import { bytesToHex } from "viem";
import {
  acceptContribution,
  commitContribution,
  createDatanet,
  freezeDatanet,
  getContribution,
  revealContribution,
} from "../../node/ai/client/datanets.ts";
import { bondReviewer, vote } from "../../node/ai/client/reviews.ts";
import { encodeDocument } from "../../node/ai/datanet/document.ts";
import { randomBytes } from "../../node/base/clock.ts";
import { type Ground, OPEN } from "./ground.ts";
import type { Brought } from "./rows.ts";

const STAKE = 10n * OPEN;

/** A datanet of olga that rita reviews. */
export async function openDatanet({ client, at, dev }: Ground, name: string): Promise<bigint> {
  const [olga, rita] = [dev("olga"), dev("rita")];
  const order = { name, licence: "CC0-1.0", uri: "", stake: STAKE, quorum: 1, reviewers: [rita.address] };
  const { datanetId } = await createDatanet(client, at, olga, order);
  await bondReviewer(client, at, rita, datanetId);
  return datanetId;
}

/**
 * Documents are committed, revealed, approved, and accepted once no older commitment can have their rows; then all is frozen.
 * @returns the snapshot, as `datanet:number`.
 */
export async function grow(ground: Ground, datanetId: bigint, brought: readonly Brought[]): Promise<string> {
  const { client, at, dev, calendar } = ground;
  const ids: bigint[] = [];
  // One after the other: their numbers, and so the rows' order, are the same each time.
  for (const one of brought) ids.push(await contribute(ground, datanetId, one));
  for (const contributionId of ids)
    await vote(client, at, dev("rita"), { contributionId, approve: true, reason: "" });
  const last = await getContribution(client, at, ids.at(-1)!);
  await calendar.reach(Number(last.revealDeadline) + 1);
  for (const id of ids) await acceptContribution(client, at, dev("rita"), id);
  const { number } = await freezeDatanet(client, at, dev("olga"), datanetId);
  return `${datanetId}:${number}`;
}

async function contribute(
  { client, at, dev, sink, calendar }: Ground,
  datanetId: bigint,
  { who, name, rows }: Brought,
): Promise<bigint> {
  const document = encodeDocument({
    name,
    rows: rows.map(([prompt, completion]) => ({ prompt, completion })),
  });
  const salt = bytesToHex(randomBytes(32));
  const order = { datanetId, document, salt, stake: STAKE };
  const { contributionId } = await commitContribution(client, at, dev(who), order);
  await sink.put(document.bytes);
  const { committedBlock } = await getContribution(client, at, contributionId);
  const isLater = async () => (await client.public.getBlockNumber()) > committedBlock;
  await calendar.until("a block after the commitment", 1, isLater, 1);
  await revealContribution(client, at, dev(who), { contributionId, document, salt });
  return contributionId;
}
