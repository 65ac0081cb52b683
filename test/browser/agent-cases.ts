import { toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import type { AgentAddresses } from "../../node/agents/addresses.ts";
import { getAgent } from "../../node/agents/agents.ts";
import { actOrder } from "../../node/agents/orders.ts";
import { callIn, parseSession, rulesOf } from "../../node/agents/session.ts";
import { type ChainClient, connectChain, type ProtocolAddresses, send } from "../../node/ai/client/chain.ts";
import { quote } from "../../node/ai/client/market.ts";
import { getModel } from "../../node/ai/client/models.ts";
import { GREEDY, hashOfRequest } from "../../node/ai/client/request-hash.ts";
import { randomBytes } from "../../node/base/clock.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { HOSTILE, type World } from "./world.ts";

const REQUEST =
  "function request(uint256 modelId, address host, bytes32 requestHash, uint32 maxTokensIn, uint32 maxTokensOut)";
const PROMPT = "Which plant does Bexanol come from?";

/** Accounts that act by keys. */
export function agentCases(world: World): void {
  test("an agent is registered and funded; a key's session is opened and revoked", async () => {
    const { page } = world;
    const { at } = await connect(world);
    const id = await registerBy(world, "olga");
    await page.getByText(HOSTILE).first().waitFor();
    await page.getByLabel("OPEN", { exact: true }).fill("3");
    await page.getByRole("button", { name: "Fund the account" }).click();
    await page.getByText("3 OPEN", { exact: true }).waitFor();
    const key = devAccounts().bruno.address;
    await page.getByLabel("Address of the key").fill(key);
    await page.getByText("that is no session").waitFor();
    await page.getByLabel("Call 1: contract").fill(at.pool!);
    await page.getByLabel("Call 1: function").fill("function buy(address to, uint256 least)");
    await page.getByLabel("Call 1: most OPEN").fill("1");
    await page.getByLabel("Call 1: fixed arguments").fill("whom = self");
    await page.getByText('no argument "whom"').waitFor();
    await page.getByLabel("Call 1: fixed arguments").fill("to = self");
    await page.getByRole("button", { name: "Open the session" }).click();
    await page.getByText("It may call").waitFor();
    await page.getByRole("cell", { name: "0 (0 %)" }).waitFor();
    // Another browser knows the root alone.
    await page.evaluate("localStorage.clear()");
    await page.reload();
    await page.getByText("The chain has only the root of its calls").waitFor();
    const other = { name: "other.json", mimeType: "application/json", buffer: Buffer.from("{}") };
    await page.locator("input[type=file]").setInputFiles(other);
    await page.getByText("That is not this session's file").waitFor();
    await world.connect("bruno");
    await page.getByRole("button", { name: "Revoke it" }).click();
    await page.getByText("No key may act for it.").waitFor();
    await world.open("/agents");
    await page.getByRole("link", { name: `Agent ${id}`, exact: true }).waitFor();
  });

  test("a deed leads to the answer that it follows from", async () => {
    const { page } = world;
    const { client, at, protocol } = await connect(world);
    const id = await registerBy(world, "alba");
    await page.getByLabel("OPEN", { exact: true }).fill("60");
    await page.getByRole("button", { name: "Fund the account" }).click();
    await page.getByText("60 OPEN", { exact: true }).waitFor();
    const { account } = await getAgent(client, at, id);
    const key = privateKeyToAccount(devAccounts().cleo.privateKey);
    await page.getByLabel("Address of the key").fill(key.address);
    await page.getByLabel("Limit 1: a call").fill("50");
    await page.getByLabel("Limit 1: a day").fill("100");
    await page.getByLabel("Call 1: contract").fill(protocol.market);
    await page.getByLabel("Call 1: function").fill(REQUEST);
    await page.getByLabel("Call 1: most OPEN").fill("50");
    await page.getByRole("button", { name: "Another call" }).click();
    await page.getByLabel("Call 2: contract").fill(at.pool!);
    await page.getByLabel("Call 2: function").fill("function buy(address to, uint256 least)");
    await page.getByLabel("Call 2: most OPEN").fill("1");
    await page.getByLabel("Call 2: fixed arguments").fill("to = self");
    await page.getByRole("button", { name: "Open the session" }).click();
    await page.getByText("It may call").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save its file" }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    const calls = rulesOf(parseSession(Buffer.concat(chunks).toString()), account);
    const act = async (name: string, args: readonly string[], value: bigint, because: readonly bigint[]) => {
      const call = callIn(calls, { name, args }, account);
      const order = actOrder({ account }, { ...call, value, because, rationale: "It said so" });
      return send(client, key, order);
    };
    const requestId = await ask(world, { client, protocol }, act);
    await act("buy", ["self", "0"], 10n ** 17n, [requestId]);
    await page.reload();
    await page.getByRole("cell", { name: "stands" }).waitFor();
    await page.getByRole("link", { name: `answer ${requestId}`, exact: true }).click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/answers/${requestId}`);
    await page.goBack();
    await page
      .getByRole("cell", { name: /^0\.1 of / })
      .or(page.getByText("0.1 OPEN"))
      .first()
      .waitFor();
    await doubt(world);
  });
}

/** Another account says that the deed does not follow from its answers. */
async function doubt(world: World): Promise<void> {
  const { page } = world;
  await page.getByRole("heading", { name: "About a deed" }).waitFor();
  await page.evaluate("localStorage.clear()");
  await page.reload();
  await world.connect("dov");
  await page.getByLabel("Why it does not follow").waitFor();
  await page.getByText("Say why.").waitFor();
  await page.getByLabel("Why it does not follow").fill(HOSTILE);
  await page.getByRole("button", { name: "Accuse it" }).click();
  await page.getByText("says that it does not follow:").waitFor();
  await page.getByText(HOSTILE).first().waitFor();
}

interface Place {
  client: ChainClient;
  at: AgentAddresses;
  protocol: ProtocolAddresses;
}

async function connect({ rpc }: World): Promise<Place> {
  const client = await connectChain(rpc);
  const [at, protocol] = await Promise.all([
    client.rpc<AgentAddresses>("openledger_agents", []),
    client.rpc<ProtocolAddresses>("openledger_protocol", []),
  ]);
  return { client, at, protocol };
}

/** A new agent of an account's, made on the page; gives its number. */
async function registerBy(world: World, owner: string): Promise<bigint> {
  const { page } = world;
  await world.open("/agents/register");
  await world.connect(owner);
  await page.getByText("Write its policy.").waitFor();
  await page.getByLabel("Policy").fill(HOSTILE);
  await page.getByRole("checkbox", { name: "sample-facts" }).first().check();
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("heading", { level: 1, name: /^Agent \d+$/ }).waitFor();
  return BigInt(new URL(page.url()).pathname.split("/").at(-1)!);
}

type Act = (
  name: string,
  args: readonly string[],
  value: bigint,
  because: readonly bigint[],
) => Promise<Awaited<ReturnType<typeof send>>>;

/** Asks the sample's model through an agent's account, and waits for the claim; gives the request's number. */
async function ask(world: World, { client, protocol }: Omit<Place, "at">, act: Act): Promise<bigint> {
  const host = await client.rpc<Address>("openledger_host", []);
  const response = await fetch(new URL("/api/prompt", world.web), {
    method: "POST",
    headers: { "content-type": "application/json", origin: new URL(world.web).origin },
    body: JSON.stringify({ modelId: "1", prompt: PROMPT }),
  });
  const { promptIds, maxTokensOut } = (await response.json()) as {
    promptIds: number[];
    maxTokensOut: number;
  };
  const maxTokensIn = promptIds.length;
  const { adapterHash } = await getModel(client, protocol, 1n);
  const salt = toHex(randomBytes(32));
  const requestHash = hashOfRequest({
    ...{ salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut },
  });
  const escrow = await quote(client, protocol, 1n, maxTokensIn, maxTokensOut);
  const args = ["1", host, requestHash, `${maxTokensIn}`, `${maxTokensOut}`];
  const { receipt } = await act("request", args, escrow, []);
  const { topics } = receipt.logs.find(({ address }) => address.toLowerCase() === protocol.market)!;
  const requestId = BigInt(topics[1]!);
  await client.rpc("openledger_ask", [{ requestId: requestId.toString(), prompt: PROMPT, salt }], 120_000);
  return requestId;
}
