import { expect, test } from "vitest";
import { connectChain, type ProtocolAddresses } from "../../node/ai/client/chain.ts";
import { readParameters } from "../../node/ai/client/parameters.ts";
import { HOSTILE, type World } from "./world.ts";

const STEP_MS = 120_000;
/** Another one than the devnet's, and another one at every run on the same devnet. */
const BPS = 1_001 + (Math.floor(Date.now() / 1000) % 900);

/** Votes of staked OPEN, from the first word to the last call. */
export function governanceCases(world: World): void {
  test("a parameter is proposed, voted for, queued and executed", async () => {
    const { page } = world;
    await world.open("/governance/propose");
    await world.connect("stan");
    await page.getByLabel("Title").fill(HOSTILE);
    await page.getByLabel("Parameter").selectOption("platformBps");
    await page.getByLabel("New value").fill(String(BPS));
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByRole("cell", { name: "parameters.platformBps" }).waitFor();
    await page.getByRole("button", { name: "Propose it" }).click();
    await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
    await page.getByRole("radio", { name: "For" }).check({ timeout: STEP_MS });
    await page.getByLabel("Reason").fill(HOSTILE);
    await page.getByRole("button", { name: "Vote", exact: true }).click();
    await page.getByText("You voted").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Queue" }).click({ timeout: STEP_MS });
    await page.getByText("Its time has not come.").waitFor();
    await page.locator("button:enabled", { hasText: "Execute" }).click({ timeout: STEP_MS });
    await page.getByText("all of it ran").waitFor({ timeout: STEP_MS });
    const client = await connectChain(world.rpc);
    const at = await client.rpc<ProtocolAddresses>("openledger_protocol", []);
    expect((await readParameters(client, at)).platformBps).toBe(BPS);
    await world.open("/governance");
    await page.getByText(HOSTILE).first().waitFor();
  });

  test("a call on L1 is simulated there; one that fails needs a second word, one of no contract is refused", async () => {
    const { page } = world;
    await world.open("/governance/propose");
    await world.connect("stan");
    await page.getByLabel("What shall change?").selectOption("gas");
    await page.getByLabel("Gas of a block").fill("40000000");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByRole("cell", { name: "gasLimit" }).first().waitFor();
    await page.getByText("on L1, from the timelock there").waitFor();
    await page.getByRole("button", { name: /^Remove/ }).click();
    await page.getByLabel("What shall change?").selectOption("call");
    await page.getByLabel("Call", { exact: true }).fill("nobody.does(1)");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText("there is no contract nobody").waitFor();
    await page.getByRole("button", { name: /^Remove/ }).click();
    await page.getByLabel("Call", { exact: true }).fill("parameters.platformBps=3001");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByLabel("Title").fill("too much");
    await page.getByText("would fail now", { exact: true }).waitFor();
    const propose = page.getByRole("button", { name: "Propose it" });
    expect(await propose.isDisabled()).toBe(true);
    await page.getByRole("checkbox").check();
    await page.locator("button:enabled", { hasText: "Propose it" }).waitFor();
  });

  test("OPEN is staked for votes, given to another, taken back and taken out", async () => {
    const { page } = world;
    await world.open("/governance/stake");
    await world.connect("edda");
    await page.getByLabel("OPEN", { exact: true }).fill("12.5");
    await page.getByRole("button", { name: "Stake", exact: true }).click();
    await page.getByText("enough to propose").waitFor();
    await page.getByLabel("Give the votes to").fill("0x00000000000000000000000000000000000000aa");
    await page.getByRole("button", { name: "Delegate" }).click();
    await page.getByText("a proposal needs 10;").waitFor();
    await page.getByRole("button", { name: "Take them back" }).click();
    await page.getByText("You vote with it yourself.").waitFor();
    await page.getByLabel("OPEN to take out").fill("12.5");
    await page.getByRole("button", { name: "Take out" }).click();
    await page.getByText("nothing yet").waitFor();
    expect(await page.getByRole("button", { name: "Withdraw" }).isDisabled()).toBe(true);
  });
}
