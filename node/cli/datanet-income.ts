import type { Command } from "commander";
import { send } from "../ai/client/chain.ts";
import { getContribution } from "../ai/client/datanets.ts";
import { payeeOf, transferIncomeOrder } from "../ai/client/income.ts";
import { contextOf, print } from "./context.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** Adds to `openledger datanet` what shows and moves the income of contributions. */
export function addIncome(datanet: Command): void {
  datanet
    .command("income <contribution>")
    .description("who is paid for a contribution, and who made it")
    .action(show);
  datanet
    .command("transfer-income <contribution> <name|address>")
    .description(
      "as its payee, give all later payments for a contribution to another account, with what lies in pools undrawn; stake and rights stay with its contributor",
    )
    .addHelpText(
      "after",
      "\nWhat waits in the pools goes along: `openledger rewards draw` before draws it to you." +
        "\nExample: openledger datanet transfer-income 6 bob --key alice",
    )
    .action(transfer);
}

async function show(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "contribution");
  const { contributor, statusName, incomeMoved } = await getContribution(client, at, id);
  const payee = await payeeOf(client, at, id);
  print(context, { contribution: id, status: statusName, contributor, payee, incomeMoved }, [
    `contribution ${id} (${statusName})`,
    `contributor  ${contributor}`,
    `paid         ${payee}${incomeMoved ? ", to whom its income was transferred" : ""}`,
  ]);
}

async function transfer(text: string, who: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const id = parseId(text, "contribution");
  const payee = resolveAddress(context, who);
  const { client, at } = await connectProtocol(context);
  const { hash } = await send(client, account, transferIncomeOrder(at, id, payee));
  print(context, { contribution: id, payee, transaction: hash }, [
    `${payee} is paid for contribution ${id} from now on: ${hash}`,
  ]);
}
