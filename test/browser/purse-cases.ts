import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hex, parseEther, type TypedDataDefinition } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import { openledger } from "../e2e/program.ts";
import { expectOpen } from "./access-cases.ts";
import { ANNOUNCED } from "./wallet-cases.ts";
import type { World } from "./world.ts";

const QUESTION = "Which plant does Bexanol come from?";
const LONG_MS = 120_000;
/** A devnet's host closes an epoch a minute after its first answer; then come window and audit. */
const EPOCH_MS = 240_000;

async function askFromPurse({ page }: World): Promise<void> {
  await page.getByRole("radio", { name: /^From your purse/ }).check();
  await page.getByLabel("Your question").fill(QUESTION);
  await page.getByRole("button", { name: "See the price" }).click();
  await page.getByText("Only what the answer uses is taken out of").waitFor();
  await page.getByRole("button", { name: "Sign and ask" }).click();
}

/** Purses, answers that they pay for, and the epochs in which those are settled. */
export function purseCases(world: World): void {
  test("a purse is filled, begins to give OPEN back, and its host says what it took", async () => {
    const { page } = world;
    await world.open("/purse");
    await page.getByText("Connect an account first.").waitFor();
    await world.connect("paula");
    await page.getByRole("heading", { name: "For this node's host" }).waitFor();
    await page.getByLabel("Host", { exact: true }).fill("0x12");
    await page.getByText("An address has 0x and 40 hexadecimal digits.").waitFor();
    await page.getByText("Give a host's address.").waitFor();
    await world.open("/purse");
    await page.getByLabel("OPEN", { exact: true }).fill("-3");
    await page.getByText("Give an amount such as 10 or 0.5.").waitFor();
    await page.getByLabel("OPEN", { exact: true }).fill("20");
    await page.getByRole("button", { name: /^Fill (the purse|it up)$/ }).click();
    await page.getByRole("button", { name: "Fill it up" }).waitFor();
    await page.getByLabel("OPEN to take back").fill("1000000");
    await page.getByText("The purse has less.").waitFor();
    await page.getByLabel("OPEN to take back").fill("1");
    await page.getByRole("button", { name: "Start a withdrawal" }).click();
    await page.getByRole("button", { name: "Withdraw", exact: true }).waitFor();
    await page.getByRole("button", { name: "Ask the host" }).click();
    await page.getByText("Not closed yet").waitFor();
    await page.getByLabel("OPEN for API keys").fill("2");
    await page.getByRole("button", { name: "Sign the limit" }).click();
    await page.getByText(/^2 OPEN more$/).waitFor();
    await expectOpen(world);
  });

  test("a purse pays for an answer, which stands in an epoch and is verified there", async () => {
    const { page } = world;
    await world.open("/chat");
    await world.connect("paula");
    await askFromPurse(world);
    await page.getByTestId("answer").getByText("blue willow").waitFor({ timeout: LONG_MS });
    await page.getByText(/^cost .* of your purse$/).waitFor();
    await page.reload();
    await page.getByTestId("answer").getByText("blue willow").waitFor();
    const link = page.getByRole("link", { name: /^Place \d+ of epoch \d+$/ });
    await link.waitFor({ timeout: EPOCH_MS });
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the receipt" }).click(),
    ]);
    await page.getByTestId("answer").locator("mark").first().waitFor();
    await page.getByRole("button", { name: "Verify in this browser" }).click();
    const verdict = page.getByTestId("verdict");
    await verdict.waitFor({ timeout: LONG_MS });
    expect(await verdict.textContent()).toMatch(/^All that can be checked here is right \(\d\d checks\)\.$/);
    const stateProof = page
      .getByRole("listitem")
      .filter({ hasText: "state proof of epoch and model" })
      .last();
    expect(await stateProof.textContent()).toContain("right");
    const folder = mkdtempSync(join(tmpdir(), "prepaid-page-"));
    const file = join(folder, "receipt.json");
    await download.saveAs(file);
    const told = await openledger(["receipt", "verify", file, "--rpc", world.rpc, "--json"]);
    rmSync(folder, { recursive: true });
    expect([told.status, told.stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(told.stdout)).toMatchObject({
      ok: true,
      checks: expect.arrayContaining([
        expect.objectContaining({ name: "claim in its epoch", grounds: "proved on chain", ok: true }),
      ]),
    });
    await link.click();
    await page.getByRole("table", { name: "Leaves" }).getByRole("row").nth(1).waitFor();
    await expectOpen(world);
  });

  test("a wallet signs for an answer out of the purse, after it refused once", async () => {
    const { page } = world;
    const account = privateKeyToAccount(devAccounts().paula.privateKey);
    let refusals = 1;
    const vouchers: { payer: string; cumulative: string }[] = [];
    await page.exposeFunction("walletRequest", async (method: string, params: readonly unknown[]) => {
      if (method === "eth_requestAccounts" || method === "eth_accounts") return { result: [account.address] };
      if (method === "eth_chainId") return { result: "0x385" };
      if (method === "personal_sign")
        return { result: await account.signMessage({ message: { raw: params[0] as Hex } }) };
      if (method !== "eth_signTypedData_v4") return { error: 4200 };
      if (refusals-- > 0) return { error: 4001 };
      const typed = JSON.parse(String(params[1])) as TypedDataDefinition & { message: (typeof vouchers)[0] };
      vouchers.push(typed.message);
      return { result: await account.signTypedData(typed) };
    });
    await page.addInitScript({ content: ANNOUNCED });
    await world.open("/chat");
    await world.connect("Test wallet");
    await askFromPurse(world);
    await page.getByText("Test wallet did not sign what may be taken out of the purse.").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByTestId("answer").getByText("blue willow").waitFor({ timeout: LONG_MS });
    expect(vouchers.map(({ payer }) => payer.toLowerCase())).toEqual([account.address.toLowerCase()]);
    expect(BigInt(vouchers[0]!.cumulative)).toBeLessThan(parseEther("40"));
  });

  test("an epoch that is none says so", async () => {
    const { page } = world;
    await world.open("/epochs/12x");
    await page.getByText("An epoch has a number of up to 68 digits.").waitFor();
    await world.open("/epochs/7");
    await page.getByText("No host closed such an epoch on this chain.").waitFor();
  });
}

/** What epochs paid: cases for later, since windows have to pass. */
export function epochCases(world: World): void {
  test("an epoch pays a contribution, whose payee finds it among its rewards", async () => {
    const { page } = world;
    await world.open("/epochs");
    await world.connect("paula");
    const links = page.getByRole("table", { name: "Epochs" }).getByRole("link", { name: /^Epoch / });
    await links.first().waitFor();
    const paths = await links.evaluateAll((all) => all.map((one) => one.getAttribute("href") ?? ""));
    // The oldest of which something is not drawn: a devnet that runs longer has others.
    for (const path of paths.reverse()) {
      await world.open(path);
      const rows = page.getByRole("table", { name: "What contributions earned" }).getByRole("row");
      await rows.nth(1).waitFor();
      if ((await rows.filter({ hasNotText: "drawn" }).count()) > 0) break;
    }
    const draw = page.getByRole("button", { name: /^Draw for contribution/ }).first();
    await draw.waitFor({ timeout: EPOCH_MS });
    const [, contribution] = /contribution (\d+)/.exec((await draw.textContent()) ?? "") ?? [];
    await draw.click();
    await page.getByRole("cell", { name: "drawn", exact: true }).first().waitFor();
    expect(Number(contribution)).toBeGreaterThan(0);
    // Whoever is paid for it finds it among its rewards.
    let found = 0;
    for (const { address } of Object.values(devAccounts()).slice(0, 20)) {
      await world.open(`/rewards/${address}`);
      found += await page
        .getByRole("table", { name: "Payments" })
        .getByRole("link", { name: /^epoch / })
        .count();
      if (found > 0) break;
    }
    expect(found).toBeGreaterThan(0);
    await world.open("/epochs");
    await page.getByRole("table", { name: "Epochs" }).getByText("settled").first().waitFor();
  });

  test("what waited long enough leaves the purse", async () => {
    const { page } = world;
    await world.open("/purse");
    await world.connect("paula");
    const withdraw = page.getByRole("button", { name: "Withdraw", exact: true });
    await withdraw.waitFor();
    await expect.poll(() => withdraw.isEnabled(), { timeout: LONG_MS }).toBe(true);
    await withdraw.click();
    await page.getByText("nothing is taken back").waitFor();
  });
}
