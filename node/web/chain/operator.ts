import { queryOptions } from "@tanstack/react-query";
import type { ProtocolAddresses } from "../../ai/client/chain.ts";
import { hostOf } from "../../ai/client/hosts.ts";
import type { ResidentAdapter } from "../../ai/engine/registered-models.ts";
import type { ShownSetting } from "../../api/site.ts";
import type { PartStatus } from "../../base/supervisor.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import type { Connection } from "./connection.tsx";
import type { Head } from "./live.ts";
import { askSigned, type Session } from "./session.ts";

/** One figure of Prometheus's text, with its labels. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** What `/health` says. */
export interface NodeHealth {
  status: "ok" | "starting" | "degraded";
  l1Head: number;
  l1Derived: number;
  parts: Readonly<Record<string, Omit<PartStatus, "name">>>;
}

/** Blocks between two looks. */
const EVERY = 4n;
const TIMEOUT_MS = 10_000;

/** Reads Prometheus's text format; lines that are none of it are left out. */
export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line);
    if (match === null) return [];
    const [, name, inner = "", value] = match;
    const labels: Record<string, string> = {};
    for (const [, key, quoted] of inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels[key!] = quoted!.replace(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
    return [{ name: name!, labels, value: Number(value) }];
  });
}

/** The value of the one sample of that name and labels; undefined where the node does not tell it. */
export function figureOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  return samples.find(
    (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
  )?.value;
}

/** The node's own figures: the same that its monitoring reads. */
export const operatorQuery = ({ client }: Connection, head: Head | undefined) =>
  queryOptions({
    queryKey: ["operator", head === undefined ? "" : (head.number / EVERY).toString()],
    queryFn: async () => {
      const [health, metrics] = await Promise.all([
        page(client.rpcUrl, "/health").then((response) => response.json() as Promise<NodeHealth>),
        page(client.rpcUrl, "/metrics").then((response) => response.text()),
      ]);
      return { health, samples: parseMetrics(metrics) };
    },
    placeholderData: (before) => before,
  });

/** The account that answers on this node, with its stake; "none" where nobody does. */
export const ownHostQuery = ({ client }: Connection, head: Head | undefined) =>
  queryOptions({
    queryKey: ["operator-host", head === undefined ? "" : (head.number / EVERY).toString()],
    queryFn: async () => {
      const [address, at] = await Promise.all([
        client.rpc<Address | null>("openledger_host", []),
        client.rpc<ProtocolAddresses | null>("openledger_protocol", []),
      ]);
      return address === null || at === null ? "none" : { address, ...(await hostOf(client, at, address)) };
    },
    placeholderData: (before) => before,
  });

/** The adapters in memory for `/v1`, the newest used first; looked at as often as the figures. */
export const residentAdaptersQuery = ({ client }: Connection, head: Head | undefined) =>
  queryOptions({
    queryKey: ["resident-adapters", head === undefined ? "" : (head.number / EVERY).toString()],
    queryFn: async () =>
      ((await client.rpc<ResidentAdapter[] | null>("openledger_adapters", [])) ?? []).reverse(),
    placeholderData: (before) => before,
  });

/** The node's settings, for those whom its operator lets see them. */
export const settingsQuery = (session: Session) =>
  queryOptions({
    queryKey: ["operator-settings", session.address],
    queryFn: async () =>
      (await askSigned<{ settings: ShownSetting[] }>(session, "/api/operator/settings")).settings,
  });

/** The newest lines of the node's log, again with every few blocks. */
export const logQuery = (session: Session, head: Head | undefined) =>
  queryOptions({
    queryKey: ["operator-log", session.address, head === undefined ? "" : (head.number / EVERY).toString()],
    queryFn: async () => (await askSigned<{ lines: string[] }>(session, "/api/operator/log?lines=200")).lines,
    placeholderData: (before) => before,
  });

async function page(rpcUrl: string, path: string): Promise<Response> {
  const response = await fetch(`${rpcUrl}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw webError("NODE_OFFLINE", {
        message: "The node does not answer.",
        fix: "This page goes on by itself when it is back.",
        cause,
      });
    },
  );
  // A node that is not well answers 503 with the same figures.
  if (response.ok || response.status === 503) return response;
  throw webError("FIGURES_HIDDEN", {
    message: `This node does not show its ${path.slice(1)} here.`,
    fix: "Its operator turns them on with --metrics true.",
  });
}
