import type { Command } from "commander";
import { formatEther } from "viem";
import { send } from "../ai/client/chain.ts";
import { dollars, fundBooks, fundOrder } from "../circle/money.ts";
import { parseOpen } from "./amount.ts";
import { type Circle, connectCircle, timeOf } from "./circle-context.ts";
import { contextOf, print } from "./context.ts";
import { requireKey } from "./keys.ts";
import { parseId } from "./protocol.ts";

/** Commands about the fund. */
export function addFundCommands(circle: Command): void {
  circle
    .command("fund <open>")
    .description("put OPEN into the fund; governance gives it to quarters and focuses")
    .action(async (amount: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const account = requireKey(context);
      const wei = parseOpen(amount);
      const found = await connectCircle(context);
      const { hash } = await send(found.client, account, fundOrder(found.at, wei));
      await tell(found, undefined, hash);
    });
  circle
    .command("budgets")
    .description("the fund, the price, and what each focus may take in a quarter and took")
    .option("--quarter <n>", "another one than the current")
    .action(async (options: { quarter?: string }, command: Command) => {
      const found = await connectCircle(contextOf(command));
      const quarter = options.quarter === undefined ? undefined : Number(parseId(options.quarter, "quarter"));
      await tell(found, quarter, undefined);
    });
}

async function tell(
  { client, at, context }: Circle,
  quarter: number | undefined,
  transaction: string | undefined,
): Promise<void> {
  const books = await fundBooks(client, at, quarter);
  const { funded, capped, committed, released, budgets, price, priceFrom, priceUntil } = books;
  print(context, { ...books, transaction }, [
    ...(transaction === undefined ? [] : [`done in ${transaction}`]),
    `fund      ${formatEther(funded)} OPEN, ${formatEther(capped)} of them in budgets`,
    `committed ${formatEther(committed)} OPEN, released ${formatEther(released)} OPEN`,
    `budgets   $${books.budgetedUsd} of $${books.usdMost}`,
    `price     ${dollars(price)} for an OPEN; next step from ${timeOf(priceFrom)} on, good until ${timeOf(priceUntil)}`,
    ...budgets.map(
      ({ quarter: number, focus, usd, usdCommitted, cap, committed: promised, released: paid }) =>
        `  quarter ${number}, ${focus}: $${usdCommitted} of $${usd}; ${formatEther(promised)} promised and ${formatEther(paid)} paid of ${formatEther(cap)} OPEN`,
    ),
  ]);
}
