import type { Command } from "commander";
import { formatEther, type PrivateKeyAccount } from "viem";
import { send, type TransactionOrder } from "../ai/client/chain.ts";
import { getGrant } from "../circle/grants.ts";
import { getPanel, recuseOrder, scoreOrder } from "../circle/panels.ts";
import {
  conflictOrder,
  interestOrder,
  leaveOrder,
  listReviewers,
  missingBondOrder,
  reviewerOf,
} from "../circle/reviewers.ts";
import { type Circle, connectCircle, timeOf } from "./circle-context.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { parseId } from "./protocol.ts";

/** Commands of those that judge. */
export function addReviewerCommands(circle: Command): void {
  circle
    .command("join")
    .description("bind a reviewer's bond, or what is missing of it; governance has to have admitted you")
    .action((_options: unknown, command: Command) =>
      act(command, ({ client, at }, account) => missingBondOrder(client, at, account.address)),
    );
  circle
    .command("leave")
    .description("be drawn no more; after the delay `circle unbond` returns the bond")
    .action((_options: unknown, command: Command) =>
      act(command, async ({ at }) => leaveOrder(at, "resign")),
    );
  circle
    .command("unbond")
    .description("move a bond whose delay is over to your balance (`account draw` draws it)")
    .action((_options: unknown, command: Command) =>
      act(command, async ({ at }) => leaveOrder(at, "withdrawBond")),
    );
  circle
    .command("conflict <grant> <reason>")
    .description("say that you have to do with a grant: you are not drawn for it, or give your seat up")
    .action(conflict);
  circle
    .command("interest <name|address>")
    .description("say that you have to do with somebody: you are not drawn for what they ask for")
    .option("--none", "take it back")
    .action((who: string, options: { none?: boolean }, command: Command) =>
      act(command, async ({ at, context }) =>
        interestOrder(at, resolveAddress(context, who), options.none !== true),
      ),
    );
  circle
    .command("score <grant> <points> <reason>")
    .description(
      "judge as a drawn reviewer, 0 (spam) to 100, 60 passes; the same command again reveals it once all have committed",
    )
    .action(judge);
  circle.command("reviewers").description("who may be drawn, with bonds and terms").action(list);
}

type Act = (circle: Circle, account: PrivateKeyAccount) => Promise<TransactionOrder>;

async function act(command: Command, orderOf: Act): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const circle = await connectCircle(context);
  const { hash } = await send(circle.client, account, await orderOf(circle, account));
  const found = await reviewerOf(circle.client, circle.at, account.address);
  print(context, { ...found, transaction: hash }, [`done in ${hash}`, reviewerLine(found)]);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const { client, at, context } = await connectCircle(contextOf(command));
  const found = await listReviewers(client, at);
  print(
    context,
    { reviewers: found },
    found.length === 0 ? ["governance has admitted nobody yet"] : found.map(reviewerLine),
  );
}

function reviewerLine({
  address,
  seat,
  bond,
  termEnds,
  leftAt,
}: Awaited<ReturnType<typeof reviewerOf>>): string {
  const place = seat < 0 ? "no seat" : `seat ${seat}`;
  const until = leftAt === 0n ? `term until ${timeOf(termEnds)}` : `left at ${timeOf(leftAt)}`;
  return `${address}  ${place}, bond ${formatEther(bond)} OPEN, ${until}`;
}

/** Before a draw it keeps one from being drawn; afterwards the seat has to be given up. */
async function conflict(text: string, reason: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectCircle(context);
  const id = parseId(text, "grant");
  const grant = await getGrant(client, at, id);
  const { hash } = await send(client, account, conflictOrder(at, id, reason));
  const panel = grant.panel === 0n ? undefined : await getPanel(client, at, grant.panel);
  const own = panel?.members.find(({ reviewer }) => reviewer === account.address.toLowerCase());
  const isSeated = panel?.state === "drawn" && own?.isSeated === true && !own.hasCommitted;
  const left = isSeated ? await send(client, account, recuseOrder(at, panel.id, reason)) : undefined;
  print(context, { grant: id, transaction: hash, recused: left?.hash }, [
    `declared in ${hash}`,
    ...(left === undefined ? [] : [`gave the seat up in ${left.hash}`]),
  ]);
}

async function judge(
  text: string,
  points: string,
  reason: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  if (!/^\d{1,3}$/.test(points) || Number(points) > 100) {
    throw cliError("NUMBER_INVALID", {
      message: `${JSON.stringify(points)} is no score`,
      fix: "give a whole number from 0 (no serious application) to 100; 60 and above pass",
    });
  }
  const { client, at } = await connectCircle(context);
  const id = parseId(text, "grant");
  const { panel } = await getGrant(client, at, id);
  if (panel === 0n) {
    throw cliError("PANEL_ABSENT", {
      message: `no panel is called for grant ${id}`,
      fix: `call and draw it with \`openledger circle advance ${id}\``,
    });
  }
  const { address } = account;
  const voter = { address, sign: (message: string) => account.signMessage({ message }) };
  const verdict = { panel, score: Number(points), reason };
  const { order, opensAt } = await scoreOrder(client, at, voter, verdict);
  const { hash } = await send(client, account, order);
  print(context, { grant: id, panel, opensAt, transaction: hash }, [
    opensAt === undefined
      ? `revealed in ${hash}`
      : `committed in ${hash}; give the same command again after ${timeOf(opensAt)} to reveal it, or lose a part of the bond`,
  ]);
}
