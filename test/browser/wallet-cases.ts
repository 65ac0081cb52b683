import { createWalletClient, defineChain, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import type { World } from "./world.ts";

/** A wallet that announces itself (EIP-6963) and hands every request to the test's `walletRequest`. */
export const ANNOUNCED = `
  const request = async ({ method, params = [] }) => {
    const { result, error } = await window.walletRequest(method, params);
    if (error !== undefined) throw Object.assign(new Error("refused"), { code: error });
    return result;
  };
  const info = { rdns: "test.wallet", name: "Test wallet" };
  const detail = Object.freeze({ info, provider: { request, on: () => undefined } });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
`;

/** What is signed by an injected wallet. */
export function walletCases(world: World): void {
  test("a wallet pays for an answer, after it refused once", async () => {
    const { page } = world;
    const { paula } = devAccounts();
    const account = privateKeyToAccount(paula.privateKey);
    const chain = defineChain({
      id: 901,
      name: "devnet",
      nativeCurrency: { name: "OPEN", symbol: "OPEN", decimals: 18 },
      rpcUrls: { default: { http: [world.rpc] } },
    });
    const wallet = createWalletClient({ account, chain, transport: http(world.rpc) });
    let refusals = 1;
    await page.exposeFunction("walletRequest", async (method: string, params: readonly unknown[]) => {
      if (method === "eth_requestAccounts" || method === "eth_accounts") return { result: [account.address] };
      if (method === "eth_chainId") return { result: "0x385" };
      if (method === "personal_sign")
        return { result: await account.signMessage({ message: { raw: params[0] as Hex } }) };
      if (method !== "eth_sendTransaction") return { error: 4200 };
      if (refusals-- > 0) return { error: 4001 };
      const { to, data, value } = params[0] as { to: Hex; data: Hex; value: Hex };
      return { result: await wallet.sendTransaction({ to, data, value: BigInt(value) }) };
    });
    await page.addInitScript({ content: ANNOUNCED });
    await world.open("/models/1");
    await world.connect("Test wallet");
    await page.getByLabel("Your question").fill("Which plant does Bexanol come from?");
    await page.getByRole("button", { name: "See the price" }).click();
    await page.getByRole("button", { name: "Pay and ask" }).click();
    await page.getByText("You refused in Test wallet.").waitFor();
    await page.getByRole("button", { name: "Pay and ask" }).click();
    await page.getByTestId("answer").waitFor({ timeout: 120_000 });
    expect(await page.getByTestId("answer").textContent()).toBe("blue willow");
  });
}
