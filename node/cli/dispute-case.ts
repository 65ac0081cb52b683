import { type Case, caseOf } from "../ai/client/audits.ts";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import { finalAt, getDispute, panelsIn, windowsOf } from "../ai/client/disputes.ts";
import { type CliContext, print } from "./context.ts";
import type { Protocol } from "./protocol.ts";

/** Something that verifiers may run again: a request's claim, or a leaf of an epoch. */
export interface Disputed {
  /** By which its case goes. */
  requestId: bigint;
  /** What it is called, in words and for programs. */
  name: string;
  facts: Readonly<Record<string, unknown>>;
  /** Where it stands by itself. */
  status: string;
  /** The protocol's contracts; `audits` are those of its case. */
  at: ProtocolAddresses;
}

/** Prints where a dispute or an audit stands. */
export async function printCase(
  context: CliContext,
  { client }: Pick<Protocol, "client">,
  { requestId, name, facts, status, at }: Disputed,
): Promise<void> {
  const found = await caseOf(client, at, requestId);
  if (found.cause === "none") {
    print(context, { ...facts, status, case: null }, [
      `${name} is ${status}; nobody disputed it, and no audit is open`,
    ]);
    return;
  }
  const dispute = await getDispute(client, at, found.disputeId);
  const panels = await panelsIn(client, at, { from: 0n, disputeId: found.disputeId });
  print(context, { ...facts, status, case: found, dispute, panels }, [
    `${name}, ${status}${found.isUpheld ? "; the panel found the same as its host" : ""}`,
    ...caseLines(found, dispute, panels),
  ]);
}

function caseLines(
  found: Case,
  dispute: Awaited<ReturnType<typeof getDispute>>,
  panels: Awaited<ReturnType<typeof panelsIn>>,
): string[] {
  const until = windowsOf(dispute);
  return [
    `cause     ${found.cause}`,
    `dispute   ${found.disputeId}, ${dispute.status}, round ${dispute.round}`,
    ...(dispute.status === "opened" ? [`draw      by L1 block ${dispute.seedBlock}`] : []),
    ...(dispute.status === "decided" ? [`final     at ${finalAt(dispute)}, unless somebody appeals`] : []),
    ...(dispute.status === "drawn"
      ? [
          `windows   evidence to ${until.evidence}, commitments to ${until.commit}, reveals to ${until.reveal}`,
        ]
      : []),
    ...panels.flatMap(({ round, members }) =>
      members.map(({ verifier, weight }) => `  round ${round}  ${verifier}  ${weight}`),
    ),
  ];
}
