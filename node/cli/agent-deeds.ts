import type { Command } from "commander";
import { formatEther, type PrivateKeyAccount } from "viem";
import { getDeed, refutedOf, rewardOrder, taintOrder } from "../agents/deeds.ts";
import {
  accuseOrder,
  appealDeedOrder,
  judgeDeedOrder,
  standingOfCase,
  verdictOfDeed,
  verdictTerms,
} from "../agents/verdicts.ts";
import { send, type TransactionOrder } from "../ai/client/chain.ts";
import { rpcSink } from "../ai/client/content.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import { type Agents, connectAgents } from "./agent-context.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { parseId } from "./protocol.ts";

/** Commands about what agents did: money, taints, accusations, verdicts. */
export function addDeedCommands(agent: Command): void {
  agent
    .command("reward <deed> <open>")
    .description("pay what a deed earned to the contributors of its settled answers, by their weights")
    .action((text: string, open: string, _options: unknown, command: Command) =>
      sendFor(command, text, async ({ client, protocol, at }, deedId) => {
        const deed = await getDeed(client, at, deedId);
        return rewardOrder(client, { ...protocol, ...at }, deed, parseOpen(open));
      }),
    );
  agent
    .command("taint <deed> [request]")
    .description("mark a deed one of whose answers was refuted (default: the first): it is paid no more")
    .action(taint);
  agent
    .command("accuse <deed> <reason>")
    .description(
      "say why a deed does not follow from its answers under its policy; a panel judges, for its fee",
    )
    .action(accuse);
  agent
    .command("appeal <deed>")
    .description("have a larger panel look again at the verdict of a small one, for a panel's fee")
    .action((text: string, _options: unknown, command: Command) =>
      sendFor(command, text, async ({ client, at }, deedId) =>
        appealDeedOrder(at, deedId, (await verdictTerms(client, at)).panelFee),
      ),
    );
  agent
    .command("judge <deed>")
    .description("act on a panel's final verdict: a condemned agent loses a part of its stake; anybody may")
    .action((text: string, _options: unknown, command: Command) =>
      sendFor(command, text, async ({ at }, deedId) => judgeDeedOrder(at, deedId)),
    );
  agent
    .command("case <deed>")
    .description("where the accusation of a deed stands, and what each panel member has to do by when")
    .action((text: string, _options: unknown, command: Command) => showCase(command, text, []));
}

type MakeOrder = (agents: Agents, deedId: bigint, account: PrivateKeyAccount) => Promise<TransactionOrder>;

/** Sends an order about a deed and shows where the deed stands then. */
async function sendFor(command: Command, text: string, make: MakeOrder): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const deedId = parseId(text, "deed");
  const agents = await connectAgents(context);
  const order = await make(agents, deedId, account);
  const { hash } = await send(agents.client, account, order);
  await showCase(command, text, [`done in ${hash}`]);
}

async function taint(
  text: string,
  request: string | undefined,
  _options: unknown,
  command: Command,
): Promise<void> {
  const given = request === undefined ? undefined : parseId(request, "request");
  await sendFor(command, text, async ({ client, protocol, at }, deedId) => {
    const requestId = given ?? (await refutedOf(client, protocol, await getDeed(client, at, deedId)));
    if (requestId !== undefined) return taintOrder(at, deedId, requestId);
    throw cliError("DEED_STANDS", {
      message: `none of the answers that deed ${deedId} follows from was refuted`,
      fix: "dispute an answer with `openledger dispute open`, or the deed with `openledger agent accuse`",
      facts: { deedId },
    });
  });
}

async function accuse(text: string, reason: string, _options: unknown, command: Command): Promise<void> {
  await sendFor(command, text, async ({ client, at }, deedId, account) => {
    await getDeed(client, at, deedId);
    const { panelFee } = await verdictTerms(client, at);
    const hash = await rpcSink(client, uploadsOf(client.chain, account)).put(
      new TextEncoder().encode(reason),
    );
    return accuseOrder(at, deedId, hash, panelFee);
  });
}

async function showCase(command: Command, text: string, done: readonly string[]): Promise<void> {
  const context = contextOf(command);
  const deedId = parseId(text, "deed");
  const { client, protocol, at } = await connectAgents(context);
  const deed = await getDeed(client, at, deedId);
  const standing = await standingOfCase(client, { ...protocol, ...at }, deedId);
  const verdict = await verdictOfDeed(client, at, deedId);
  const head = `deed ${deedId} of agent ${deed.agentId}, for ${deed.because.map((id) => `request ${id}`).join(", ")}${deed.isTainted ? "; tainted" : ""}`;
  if (standing === undefined) {
    print(context, { deed, case: null, verdict: null, done }, [...done, head, "  nobody accused it"]);
    return;
  }
  const { found, dispute, duties, finalAt } = standing;
  print(context, { deed, case: found, dispute, duties, finalAt, verdict: verdict ?? null, done }, [
    ...done,
    head,
    `  case      ${found.status}, accused by ${found.accuser}`,
    `  reason    ${found.reason}`,
    `  dispute   ${found.disputeId}, ${dispute.status}, round ${dispute.round}`,
    ...(dispute.status === "opened" ? [`  draw      by L1 block ${dispute.seedBlock}`] : []),
    ...duties.map(
      ({ verifier, weight, what, until }) =>
        `  ${verifier}  weight ${weight}: ${what}${what === "nothing more" ? "" : ` until ${until}`}`,
    ),
    ...(finalAt === undefined
      ? []
      : [`  final     at ${finalAt}, then \`openledger agent judge ${deedId}\``]),
    ...(verdict === undefined
      ? []
      : [
          `  verdict   ${verdict.isUpheld ? "it followed" : `it did not follow: ${formatEther(verdict.lost)} OPEN of the stake are gone`}`,
        ]),
  ]);
}
