import { queryOptions } from "@tanstack/react-query";
import { encodeFunctionData } from "viem";
import type { IndexCommitment } from "../../ai/attribution/score.ts";
import { accessFee, dataRoyalty } from "../../ai/client/access.ts";
import type { FeeSplit, ModelOrder } from "../../ai/client/models.ts";
import { readParameters } from "../../ai/client/parameters.ts";
import { type Origins, registeredModel, registrationOrder } from "../../ai/client/register.ts";
import type { BaseModel } from "../../ai/factory/bases.ts";
import type { Comparison } from "../../ai/factory/compare.ts";
import type { FilePreview } from "../../ai/factory/file-preview.ts";
import type { Job, JobEvent } from "../../ai/factory/job.ts";
import type { JobOrder } from "../../ai/factory/order.ts";
import type { Preview } from "../../ai/factory/preview.ts";
import { hostStakesAbi, modelLedgerAbi, protocolParametersAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { askApi } from "../site/site.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import { askSigned, type Session } from "./session.ts";
import type { Signer } from "./signer.ts";
import { transact } from "./transact.ts";

/** For reading all rows of large snapshots, in ms. */
const PREVIEW_MS = 120_000;
const COMPARE_MS = 180_000;
/** One wait for news, in ms, and how long its answer may take. */
const WAIT_MS = 20_000;
const NEWS_MS = 40_000;

/** The base models of this node. */
export const basesQuery = queryOptions({
  queryKey: ["bases"],
  queryFn: () => askApi<BaseModel[]>("/api/bases"),
});

/** The jobs of who signed in, newest first. */
export const jobsQuery = (session: Session) =>
  queryOptions({
    queryKey: ["jobs", session.address],
    queryFn: () => askSigned<Job[]>(session, "/api/jobs"),
    staleTime: 0,
  });

/** What an order would train on, as its base model sees it. */
export const previewQuery = (session: Session, order: JobOrder) =>
  queryOptions({
    queryKey: ["preview", session.address, JSON.stringify({ ...order, name: "" })],
    queryFn: ({ signal }) =>
      askSigned<Preview>(session, "/api/jobs/preview", {
        ...{ method: "POST", signal, timeoutMs: PREVIEW_MS },
        body: { ...order, name: order.name.trim() || "unnamed" },
      }),
    retry: false,
  });

/** A file before it is contributed, as a base model sees it. */
export const filePreviewQuery = (session: Session, file: File, base: string) =>
  queryOptions({
    queryKey: ["file-preview", session.address, file.name, file.size, file.lastModified, base],
    queryFn: async ({ signal }) =>
      askSigned<FilePreview>(session, "/api/preview", {
        ...{ method: "POST", signal, timeoutMs: PREVIEW_MS },
        body: { name: file.name, text: await file.text(), base },
      }),
    retry: false,
  });

/** Begins a job. */
export function createJob(session: Session, order: JobOrder): Promise<Job> {
  return askSigned<Job>(session, "/api/jobs", { method: "POST", body: order, timeoutMs: PREVIEW_MS });
}

/** Cancels, resumes or deletes a job. */
export async function stepJob(
  session: Session,
  jobId: string,
  step: "cancel" | "resume" | "delete",
): Promise<void> {
  if (step === "delete") await askSigned(session, `/api/jobs/${jobId}`, { method: "DELETE" });
  else await askSigned(session, `/api/jobs/${jobId}/${step}`, { method: "POST", body: {} });
}

/** A job with what happened in it since event number `after`; waits for news. */
export function nextEvents(
  session: Session,
  jobId: string,
  after: number,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<{ job: Job; events: JobEvent[]; next: number }> {
  const wait = isFirst ? 0 : WAIT_MS;
  return askSigned(session, `/api/jobs/${jobId}/events?after=${after}&wait=${wait}`, {
    signal,
    timeoutMs: NEWS_MS,
  });
}

/** The same prompt to base and tuned model. */
export function compareModels(session: Session, jobId: string, prompt: string): Promise<Comparison> {
  const order = { method: "POST", body: { prompt }, timeoutMs: COMPARE_MS } as const;
  return askSigned<Comparison>(session, `/api/jobs/${jobId}/compare`, order);
}

/** What governance lets a model register, and what registering binds. */
export const boundsQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: ["bounds"],
    queryFn: async () => {
      const { client, at } = protocol;
      const [{ registrationBond, registrationWindow }, split] = await Promise.all([
        readParameters(client, at),
        client.public.readContract({
          address: at.parameters,
          abi: protocolParametersAbi,
          functionName: "feeSplitBounds",
        }),
      ]);
      return { registrationBond, registrationWindow, split };
    },
  });

/** The model that was registered with what a job made, if any: the chain says so, not the job. */
export const modelOfJobQuery = (protocol: Protocol, manifestHash: string) =>
  queryOptions({
    queryKey: [LIVE, "model-of", manifestHash],
    queryFn: async (): Promise<{ modelId: bigint | undefined }> => {
      const { client, at } = protocol;
      const events = await client.public.getContractEvents({
        address: at.models,
        abi: modelLedgerAbi,
        eventName: "ModelRegistered",
        fromBlock: 0n,
        strict: true,
      });
      const found = events.find(({ args }) => args.document.manifestHash === manifestHash);
      return { modelId: found?.args.modelId };
    },
  });

/** What its owner decides when a model is published. */
export interface Terms {
  /** Wei for 1000 tokens. */
  rateIn: bigint;
  rateOut: bigint;
  split: FeeSplit;
}

/** What a job's model costs beside its bond, and gives on of its owner's part, by the terms of now. */
export const originsQuery = ({ client, at }: Protocol, owner: Address, { order }: Job) =>
  queryOptions({
    queryKey: [LIVE, "origins", owner, JSON.stringify(order.snapshots)],
    queryFn: async (): Promise<Origins> => {
      const snapshots = order.snapshots.map(placeOf);
      const [mostFee, mostRoyalty] = await Promise.all([
        accessFee(client, at, owner, snapshots),
        dataRoyalty(client, at, owner, snapshots),
      ]);
      return { parents: [], mostFee, mostRoyalty };
    },
  });

const placeOf = ({ datanetId, number }: { datanetId: number | string; number: number }) => ({
  datanetId: BigInt(datanetId),
  number,
});

/**
 * Registers a finished job's model with the bond, and with the price of access to its data: one signature. Gives the model's number.
 * @param origins what its owner agreed to.
 */
export async function publish(
  { client, at }: Protocol,
  signer: Signer,
  { order, result }: Job,
  terms: Terms,
  origins: Origins,
): Promise<bigint> {
  if (result === null) throw new Error("only a finished job can be published");
  const index = { ...result.index, floor: BigInt(result.index.floor) } as IndexCommitment;
  const snapshots = order.snapshots.map(placeOf);
  const hashes = result.hashes as Pick<ModelOrder, keyof typeof result.hashes>;
  const model = { name: order.name, ...hashes, snapshots, index, ...terms };
  const call = await registrationOrder(client, at, signer.address, model, origins);
  return registeredModel(await transact(client, signer, call));
}

/** Tokens that a host takes at most, unless it says otherwise. */
const MOST_TOKENS = 4_096;

/** Takes a model as the host that the account is. */
export async function hostModel({ client, at }: Protocol, signer: Signer, modelId: bigint): Promise<Address> {
  const args = [modelId, 0n, MOST_TOKENS, MOST_TOKENS] as const;
  const data = encodeFunctionData({ abi: hostStakesAbi, functionName: "take", args });
  await transact(client, signer, { to: at.hosts, data });
  return signer.address;
}
