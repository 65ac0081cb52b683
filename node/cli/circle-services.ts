import type { Command } from "commander";
import { send } from "../ai/client/chain.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { getGrant } from "../circle/grants.ts";
import {
  attestationIn,
  confirmOrder,
  getOffer,
  offerOrder,
  offersTo,
  takeBackOrder,
} from "../circle/services.ts";
import { SERVICES, type Service } from "../circle/words.ts";
import { connectCircle, keepText } from "./circle-context.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { parseId } from "./protocol.ts";
import { readText } from "./text-file.ts";

/** Commands about what a grant gets besides money; both sides attest it. */
export function addServiceCommands(circle: Command): void {
  circle
    .command("offer <grant> <service> <amount> <file>")
    .description(
      `attest that you offer a grant hours or pieces of ${SERVICES.join(", ")}, on the terms in a file`,
    )
    .action(offer);
  circle
    .command("confirm <offer> <amount> <file>")
    .description("attest as the payee that so much of an offer was delivered, with evidence in a file")
    .action(confirm);
  circle
    .command("take-back <offer>")
    .description("take your offer back, as long as nothing of it was delivered")
    .action(takeBack);
  circle
    .command("services <grant>")
    .description("what was offered to a grant, and what both sides say was delivered")
    .action(list);
}

async function offer(
  text: string,
  service: string,
  amount: string,
  file: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const kind = SERVICES.find((one) => one === service);
  if (kind === undefined) throw unknownService(service);
  const terms = readText(file);
  const pieces = amountOf(amount);
  const circle = await connectCircle(context);
  const { client, at } = circle;
  const grantId = parseId(text, "grant");
  const { payee } = await getGrant(client, at, grantId);
  const order = { grantId, kind, amount: pieces, document: await keepText(circle, terms) };
  const { hash, receipt } = await send(client, account, await offerOrder(client, at, payee, order));
  const uid = attestationIn(receipt);
  print(context, { offer: uid, transaction: hash }, [
    `offered in ${hash}`,
    `the payee attests what was delivered with \`openledger circle confirm ${uid} AMOUNT FILE\``,
  ]);
}

async function confirm(
  text: string,
  amount: string,
  file: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const uid = offerId(text);
  const evidence = readText(file);
  const pieces = amountOf(amount);
  const circle = await connectCircle(context);
  const { client, at } = circle;
  const offered = await getOffer(client, at, uid);
  const delivery = { amount: pieces, document: await keepText(circle, evidence) };
  const order = await confirmOrder(client, at, offered, delivery);
  const { hash, receipt } = await send(client, account, order);
  print(context, { offer: uid, delivery: attestationIn(receipt), transaction: hash }, [
    `${pieces} of ${offered.amount} confirmed in ${hash}`,
  ]);
}

async function takeBack(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const uid = offerId(text);
  const { client, at } = await connectCircle(context);
  const order = await takeBackOrder(client, at, await getOffer(client, at, uid));
  const { hash } = await send(client, account, order);
  print(context, { offer: uid, transaction: hash }, [`taken back in ${hash}`]);
}

async function list(text: string, _options: unknown, command: Command): Promise<void> {
  const { client, at, context } = await connectCircle(contextOf(command));
  const offers = await offersTo(client, at, parseId(text, "grant"));
  print(
    context,
    { offers },
    offers.length === 0
      ? ["nothing was offered to it"]
      : offers.map(
          ({ uid, kind, amount, delivered, provider, isWithdrawn }) =>
            `${uid}  ${kind}, ${delivered} of ${amount} delivered, by ${provider}${isWithdrawn ? ", taken back" : ""}`,
        ),
  );
}

/** @throws CodedError NUMBER_INVALID. */
function offerId(text: string): Hash {
  if (/^0x[0-9a-f]{64}$/.test(text)) return text as Hash;
  throw cliError("NUMBER_INVALID", {
    message: `${JSON.stringify(text)} is no offer`,
    fix: "give its id, 0x and 64 lower-case digits, as `circle services` prints it",
  });
}

/** @throws CodedError NUMBER_INVALID. */
function amountOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw cliError("NUMBER_INVALID", {
    message: `${JSON.stringify(text)} is no amount of a service`,
    fix: "give whole hours or pieces, from 1 on",
  });
}

function unknownService(service: string) {
  return cliError("SERVICE_UNKNOWN", {
    message: `${JSON.stringify(service)} is no service`,
    fix: `choose one of ${([...SERVICES] satisfies Service[]).join(", ")}`,
  });
}
