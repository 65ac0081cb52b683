import { encodeFunctionData, type Log, parseEventLogs, toHex } from "viem";
import { requireRoom, rpcSink } from "../../ai/client/content.ts";
import { contributionOfRows, getContribution, getDatanet, requireEvent } from "../../ai/client/datanets.ts";
import type { SignUpload } from "../../ai/content/upload-order.ts";
import { encodeDocument } from "../../ai/datanet/document.ts";
import { intakeFile } from "../../ai/datanet/intake.ts";
import { exampleHash, type Row } from "../../ai/datanet/rows.ts";
import { MAX_FILE_BYTES, requireSize } from "../../ai/datanet/text.ts";
import { randomBytes, sleep, systemClock } from "../../base/clock.ts";
import { datanetRegistryAbi as abi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import type { Protocol } from "./connection.tsx";
import { type Draft, dropDraft, saveDraft } from "./drafts.ts";
import type { Signer } from "./signer.ts";
import { signUploads, transact } from "./transact.ts";

/** A file as it would be contributed. */
export interface ReadFile {
  name: string;
  /** The file itself. */
  file: File;
  rows: readonly Row[];
  /** Positions of rows that say the same as an earlier one of the file. */
  repeats: ReadonlySet<number>;
  /** Parts of a file that no row was made of. */
  ignored: { headings: number; codeBlocks: number; tables: number; columns: number };
}

/** Rows of a file, made in this browser. @throws CodedError of intakeFile, with line numbers where there are lines. */
export async function readFile(file: File): Promise<ReadFile> {
  // Before the file is in memory.
  requireSize(file.name, file.size, MAX_FILE_BYTES);
  const { rows, ignored } = intakeFile(file.name, new Uint8Array(await file.arrayBuffer()));
  const seen = new Set<string>();
  const repeats = new Set<number>();
  for (const [at, row] of rows.entries()) {
    const hash = exampleHash(row);
    if (seen.has(hash)) repeats.add(at);
    seen.add(hash);
  }
  return { name: file.name, file, rows, repeats, ignored };
}

/** What a contribution goes through, in this order. */
export const STEPS = ["commit", "store", "reveal"] as const;
export type Step = (typeof STEPS)[number];

const POLL_MS = 250;

/** A new draft of a file; nothing is sent yet. @throws CodedError `CONTENT_REPEATED` where the datanet has these rows already. */
export async function draftOf(
  protocol: Protocol,
  datanetId: bigint,
  { name, rows }: Pick<ReadFile, "name" | "rows">,
): Promise<Draft> {
  const { bytes, contentId, rowsRoot, rowCount } = encodeDocument({ name, rows });
  const first = await contributionOfRows(protocol.client, protocol.at, datanetId, rowsRoot);
  if (first !== 0n) {
    throw webError("CONTENT_REPEATED", {
      message: `the rows of ${name} are in this datanet already, as contribution ${first}`,
      fix: "contribute other documents: copies earn nothing",
      facts: { contributionId: first },
    });
  }
  return {
    ...{ rowsRoot, name, bytes, contentId, rowCount },
    genesis: protocol.genesis,
    datanetId: datanetId.toString(),
    salt: toHex(randomBytes(32)),
    contributionId: undefined,
  };
}

/** Brings a draft to its end from wherever it stands: commit, store, reveal. Gives the contribution's number. */
export async function pursue(
  protocol: Protocol,
  signer: Signer,
  draft: Draft,
  onStep: (step: Step) => void,
): Promise<bigint> {
  const { client, at } = protocol;
  let { contributionId } = draft;
  if (contributionId === undefined) {
    onStep("commit");
    contributionId = (await commit(protocol, signer, draft)).toString();
  }
  onStep("store");
  await rpcSink(client, uploadOf(protocol, signer, { ...draft, contributionId })).put(draft.bytes);
  onStep("reveal");
  const id = BigInt(contributionId);
  const { statusName, committedBlock } = await getContribution(client, at, id);
  if (statusName === "committed") {
    while ((await client.public.getBlockNumber()) <= committedBlock) await sleep(POLL_MS);
    const args = [id, draft.contentId, draft.rowsRoot, draft.rowCount, draft.salt] as const;
    await transact(client, signer, {
      to: at.datanets,
      data: encodeFunctionData({ abi, functionName: "reveal", args }),
    });
  }
  await dropDraft(draft.rowsRoot);
  return id;
}

/** Seconds that a signature must hold on, to be used again. */
const SPARE_S = 60;

/** Signs once a contribution: the draft keeps the signature, for a reload in the middle. */
function uploadOf(protocol: Protocol, signer: Signer, draft: Draft): SignUpload {
  return async (upload) => {
    const { upload: kept } = draft;
    const isGood =
      kept?.sender === signer.address.toLowerCase() && kept.expires > systemClock.now() + SPARE_S;
    if (isGood) return kept;
    const order = await signUploads(protocol.client, signer)(upload);
    await saveDraft({ ...draft, upload: order });
    return order;
  };
}

async function commit(protocol: Protocol, signer: Signer, draft: Draft): Promise<bigint> {
  const { client, at } = protocol;
  const datanetId = BigInt(draft.datanetId);
  const { stake } = await getDatanet(client, at, datanetId);
  const { contentId, rowsRoot, rowCount, salt } = draft;
  const commitment = await client.public.readContract({
    address: at.datanets,
    abi,
    functionName: "commitmentOf",
    args: [datanetId, signer.address, contentId, rowsRoot, rowCount, salt],
  });
  const made = await commitmentMade(protocol, signer, datanetId, commitment);
  if (made !== undefined) return made;
  await requireRoom(client, signer.address, { bytes: draft.bytes.length, spends: stake });
  // First into the browser: whatever happens after the stake is bound, the salt is there.
  await saveDraft(draft);
  const data = encodeFunctionData({ abi, functionName: "commit", args: [datanetId, commitment] });
  const { receipt } = await transact(client, signer, { to: at.datanets, data, value: stake });
  const logs = parseEventLogs({ abi, logs: receipt.logs as Log[], eventName: "ContributionCommitted" });
  const { contributionId } = requireEvent(logs, "ContributionCommitted").args;
  await saveDraft({ ...draft, contributionId: contributionId.toString() });
  return contributionId;
}

/** The contribution of a commitment that was sent before the page was closed: its stake is bound already. */
async function commitmentMade(
  { client, at }: Protocol,
  signer: Signer,
  datanetId: bigint,
  commitment: Hash,
): Promise<bigint | undefined> {
  const events = await client.public.getContractEvents({
    address: at.datanets,
    abi,
    eventName: "ContributionCommitted",
    args: { datanetId, contributor: signer.address },
    fromBlock: 0n,
    strict: true,
  });
  return events.find(({ args }) => args.commitment === commitment)?.args.contributionId;
}
