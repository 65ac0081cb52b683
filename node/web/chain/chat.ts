import { queryOptions } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { z } from "zod";
import type { RegisteredModel } from "../../ai/client/models.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import { refusalOf } from "./chat-stream.ts";
import { ChatThread, type Turn } from "./chat-thread.ts";

const threads = new Map<string, ChatThread>();

function keptStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** The thread of this browser with a chain. */
export function threadOf(genesis: Hash): ChatThread {
  const key = `chat ${genesis.slice(0, 18)}`;
  const known = threads.get(key);
  if (known !== undefined) return known;
  const made = new ChatThread({ storage: keptStorage(), key });
  window.addEventListener("storage", (event) => event.key === key && made.reload());
  threads.set(key, made);
  return made;
}

/** Its questions and answers as they are now. */
export function useTurns(thread: ChatThread): readonly Turn[] {
  return useSyncExternalStore(thread.subscribe, thread.turns);
}

/** A model that can be asked. */
export interface ChatModel {
  /** Its name in `/v1/models`. */
  id: string;
  /** Its number on chain; a base model by itself has none. */
  modelId: bigint | undefined;
  name: string;
}

/** The number of the registered model that a name of `/v1/models` stands for; undefined for a base model by itself. */
export function modelIdOf(id: string): bigint | undefined {
  const match = /^base-[0-9a-f]{8}\+(\d{1,18})$/.exec(id);
  return match === null ? undefined : BigInt(match[1]!);
}

const listSchema = z.object({ data: z.array(z.object({ id: z.string().min(1).max(256) })).max(10_000) });
const LIST_MS = 20_000;
/** A model that is taken up or closed is seen within this time. */
const AGAIN_MS = 15_000;

/** Names of the models that a node serves by `/v1`, as it lists them. */
export const servedQuery = (rpcUrl: string, key: string) =>
  queryOptions({
    queryKey: ["served-models", rpcUrl, key],
    queryFn: async () => {
      const response = await fetch(`${rpcUrl}/v1/models`, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(LIST_MS),
      }).catch((cause: unknown) => {
        throw webError("NODE_OFFLINE", {
          message: "The node does not say which models it serves.",
          fix: "This page asks again by itself when it is back.",
          cause,
        });
      });
      const body: unknown = await response.json().catch(() => undefined);
      if (!response.ok) throw refusalOf(response.status, body);
      return listSchema.parse(body).data.map(({ id }) => id);
    },
    refetchInterval: AGAIN_MS,
  });

/** The models that can be asked, newest first, base models last. `served`: names of `/v1/models`; absent without a key for it. */
export function chatModels(
  registered: readonly RegisteredModel[],
  served: readonly string[] | undefined,
  isServing: (model: RegisteredModel) => boolean,
): ChatModel[] {
  const names = new Map(registered.map(({ modelId, name }) => [modelId, name]));
  const nameOf = (modelId: bigint) => `${names.get(modelId) ?? "model"} (model ${modelId})`;
  if (served === undefined)
    return registered.filter(isServing).map(({ modelId, baseHash }) => ({
      ...{ id: `base-${baseHash.slice(2, 10)}+${modelId}`, modelId, name: nameOf(modelId) },
    }));
  const models = served.map((id) => ({ id, modelId: modelIdOf(id) }));
  const adapters = models.flatMap(({ id, modelId }) =>
    modelId === undefined ? [] : [{ id, modelId, name: nameOf(modelId) }],
  );
  const bases = models.filter(({ modelId }) => modelId === undefined);
  return [
    ...adapters.sort((a, b) => (a.modelId > b.modelId ? -1 : 1)),
    ...bases.map(({ id, modelId }) => ({ id, modelId, name: `${id}, without an adapter` })),
  ];
}

const OWN_KEY = "chat key";

/** A key of `/v1` that was given in this tab. */
export function ownKey(): string {
  try {
    return sessionStorage.getItem(OWN_KEY) ?? "";
  } catch {
    return "";
  }
}

/** Keeps it as long as the tab is open. */
export function keepOwnKey(key: string): void {
  try {
    sessionStorage.setItem(OWN_KEY, key);
  } catch {
    // Without storage it is given again after a reload.
  }
}
