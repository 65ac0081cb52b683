import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import type { TransactionOrder } from "../../../ai/client/chain.ts";
import type { Grant } from "../../../circle/grants.ts";
import type { Focus, GrantState, PanelState, Service, Tier } from "../../../circle/words.ts";
import { type Circle, circleQuery, readApplication } from "../../chain/circle.ts";
import { useProtocol } from "../../chain/connection.tsx";
import type { Signer } from "../../chain/signer.ts";
import { textQuery } from "../../chain/texts.ts";
import { transact } from "../../chain/transact.ts";
import { Copy } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Badge, type Tone } from "../../ui/layout.tsx";
import { Coming, Loaded } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";

/** Shows what needs OpenCircle once it is known. */
export function CircleGate({ children }: { children: (circle: Circle) => ReactNode }) {
  const query = useQuery(circleQuery(useProtocol()));
  return (
    <Loaded query={query} what="OpenCircle" lines={8}>
      {children}
    </Loaded>
  );
}

export const TIER_NAMES: Readonly<Record<Tier, string>> = {
  exploration: "Exploration",
  building: "Building",
  expansion: "Expansion",
};
export const FOCUS_NAMES: Readonly<Record<Focus, string>> = {
  "defi-depin": "Models for DeFi and DePIN",
  gaming: "Generation for games",
  agents: "Wallets and assistants as agents",
  vertical: "Data networks of one trade",
};
export const SERVICE_NAMES: Readonly<Record<Service, string>> = {
  "technical-hours": "Technical hours",
  investors: "Introductions to investors",
  "go-to-market": "Go-to-market",
  "shared-resources": "Shared resources",
};

const GRANTS: Readonly<Record<GrantState, readonly [tone: Tone, words: string]>> = {
  none: ["plain", "unknown"],
  applied: ["accent", "is being judged"],
  judged: ["warn", "passed, not approved yet"],
  refused: ["bad", "refused"],
  withdrawn: ["plain", "taken back"],
  active: ["good", "runs"],
  reported: ["accent", "a milestone is being judged"],
  done: ["good", "done"],
  lapsed: ["plain", "lapsed"],
  "clawed back": ["bad", "clawed back"],
};

export function GrantBadge({ state }: { state: GrantState }) {
  const [tone, words] = GRANTS[state];
  return <Badge tone={tone}>{words}</Badge>;
}

const PANELS: Readonly<Record<PanelState, readonly [tone: Tone, words: string]>> = {
  none: ["plain", "unknown"],
  opened: ["warn", "waits for its draw"],
  drawn: ["accent", "judges"],
  passed: ["good", "passed"],
  failed: ["bad", "failed"],
  spam: ["bad", "called it spam"],
  undecided: ["warn", "decided nothing"],
  replaced: ["plain", "replaced by another"],
};

export function PanelBadge({ state }: { state: PanelState }) {
  const [tone, words] = PANELS[state];
  return <Badge tone={tone}>{words}</Badge>;
}

/** Whole dollars. */
export function Dollars({ usd }: { usd: bigint }) {
  return <span className="whitespace-nowrap tabular-nums">${formatCount(usd)}</span>;
}

/** A grant's title as its application has it; its number where there is none to read. */
export function GrantTitle({ grant: { id, document } }: { grant: Pick<Grant, "id" | "document"> }) {
  const { data } = useQuery(textQuery(useProtocol(), document));
  if (data === undefined) return <Coming />;
  return <>{titleOf(id, data)}</>;
}

/** A title for a grant from its application's text. */
export function titleOf(id: bigint, text: string | null): string {
  const title = text === null ? undefined : readApplication(text)?.title.trim();
  return title || `Grant ${id}`;
}

/** Sends one transaction of the connected account to OpenCircle. */
export function OrderButton({
  circle,
  order,
  ...rest
}: Omit<ComponentProps<typeof SendButton>, "send"> & {
  circle: Circle;
  order: (signer: Signer) => TransactionOrder | Promise<TransactionOrder>;
}) {
  const { client } = circle;
  return <SendButton {...rest} send={async (signer) => transact(client, signer, await order(signer))} />;
}

/** A step that only a vote takes: the call to propose. */
export function ByVote({ call, children }: { call: string; children: ReactNode }) {
  const { hasGovernance } = useProtocol().site;
  const isWhole = !call.includes("...");
  return (
    <div className="text-sm">
      <p>{children}</p>
      <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1">
        <code className="min-w-0 rounded bg-raised px-2 py-1 font-mono text-xs break-all">{call}</code>
        <Copy text={call} what="the call" />
        {hasGovernance ? (
          <Link
            to="/governance/propose"
            search={isWhole ? { call } : {}}
            className="text-accent hover:underline"
          >
            Propose it
          </Link>
        ) : null}
      </p>
    </div>
  );
}
