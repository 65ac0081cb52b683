import type { Command } from "commander";
import { formatEther } from "viem";
import { getModel } from "../ai/client/models.ts";
import {
  childrenOf,
  distributeRoyalties,
  parentsOf,
  type RoyaltyLine,
  royaltyTable,
  setLeastRoyalty,
  waitingRoyalties,
} from "../ai/client/royalties.ts";
import { contextOf, oneLine, print } from "./context.ts";
import { requireKey } from "./keys.ts";
import { parsePercent } from "./model-origins.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

/** Ancestors that one tree shows. */
const MOST_SHOWN = 64;

/** Adds to `openledger model` what concerns the models and the data that models were made from. */
export function addRoyalties(model: Command): void {
  model
    .command("tree <model>")
    .description("what a model was made from, what each ancestor and its data get, and what was made from it")
    .action(tree);
  model
    .command("distribute <model>")
    .description(
      "divide what waits of a model's answers among its owner, ancestors and data, and its own royalties by its split; anybody may",
    )
    .action(distribute);
  model
    .command("least-royalty <model> <percent>")
    .description(
      "the least part of their owner's part that later models which name yours as a parent give it",
    )
    .action(least);
}

/** A model in a tree. */
interface Node {
  model: bigint;
  name: string;
  /** Of the owner's part of the model that it stands below, in 1/10000; undefined at the root. */
  bps: number | undefined;
  depth: number;
}

async function tree(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const model = parseId(text, "model");
  const nodes: Node[] = [];
  await climb(protocol, { model, bps: undefined, depth: 0 }, nodes);
  const table = await royaltyTable(client, at, model);
  const children = (await childrenOf(client, at)).get(model) ?? [];
  const waiting = await waitingRoyalties(client, at, model);
  print(context, { ancestry: nodes, table, children, waiting }, [
    ...nodes.map(
      ({ model: id, name, bps, depth }) =>
        `${"  ".repeat(depth)}model ${id}  ${oneLine(name)}${bps === undefined ? "" : `  ${bps / 100} %`}`,
    ),
    ...(nodes.length === MOST_SHOWN ? ["  and more"] : []),
    ...(table.length === 0
      ? ["it gives nothing on: all of its owner's part is its owner's"]
      : ["of its owner's part:", ...table.map((line) => `  ${lineName(line)}  ${line.bps / 100} %`)]),
    ...(children.length === 0 ? [] : [`made from it: ${children.map((id) => `model ${id}`).join(", ")}`]),
    `waits: ${formatEther(waiting.income)} OPEN of its answers, ${formatEther(waiting.royalties)} OPEN of its descendants'`,
  ]);
}

/** A model and its parents, each before its own; a model that two ways lead to stands twice. */
async function climb(
  protocol: Protocol,
  { model, bps, depth }: Omit<Node, "name">,
  nodes: Node[],
): Promise<void> {
  if (nodes.length >= MOST_SHOWN) return;
  const { client, at } = protocol;
  const { name } = await getModel(client, at, model);
  nodes.push({ model, name, bps, depth });
  for (const parent of await parentsOf(client, at, model))
    await climb(protocol, { model: parent.modelId, bps: parent.bps, depth: depth + 1 }, nodes);
}

function lineName(line: RoyaltyLine): string {
  return "modelId" in line
    ? `model ${line.modelId}`
    : `contributors of snapshot ${line.snapshot.datanetId}:${line.snapshot.number}`;
}

async function distribute(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const model = parseId(text, "model");
  const { hash, lines, owner, ancestor } = await distributeRoyalties(client, at, requireKey(context), model);
  const open = (wei: bigint) => `${formatEther(wei)} OPEN`;
  const own = lines + owner;
  const asAncestor = ancestor.contributors + ancestor.owner + ancestor.stakers;
  print(context, { model, transaction: hash, lines, owner, ancestor }, [
    ...(own === 0n
      ? []
      : [`of its answers: ${open(lines)} to ancestors and data, ${open(owner)} to its owner`]),
    ...(asAncestor === 0n
      ? []
      : [
          `of its descendants': ${open(ancestor.contributors)} to its contributors' pools, ${open(ancestor.owner)} to its owner, ${open(ancestor.stakers)} to its stakers`,
        ]),
    `in ${hash}; \`openledger account draw\` and \`rewards draw\` draw it`,
  ]);
}

async function least(text: string, percent: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const model = parseId(text, "model");
  const bps = parsePercent(percent);
  const { hash } = await setLeastRoyalty(client, at, requireKey(context), model, bps);
  print(context, { model, bps, transaction: hash }, [
    `models that name model ${model} as a parent give it ${bps / 100} % of their owner's part or more: ${hash}`,
  ]);
}
