import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import type { ChainClient } from "../../ai/client/chain.ts";
import { isSenders } from "../../ai/content/upload-order.ts";
import { startAnvilChain } from "../../ai/testing/anvil-chain.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { Signer } from "./signer.ts";
import { signUploads, transact } from "./transact.ts";

const upload = { hash: `0x${"ab".repeat(32)}` as Hash, total: 5, expires: 1_900_000_000 };
const chain = {
  id: 901,
  name: "c",
  nativeCurrency: { name: "OPEN", symbol: "OPEN", decimals: 18 },
  rpcUrls: { default: { http: ["http://here"] } },
};
const client = { chain, rpcUrl: "http://here" } as unknown as ChainClient;
const account = privateKeyToAccount(generatePrivateKey());
const address = account.address.toLowerCase() as Address;

/** A wallet on another chain at first; what it was asked. */
function wallet(answer: (text: string) => Promise<string>) {
  const asked: string[] = [];
  let chainId = "0x1";
  const request = async ({ method, params = [] }: { method: string; params?: readonly unknown[] }) => {
    asked.push(method);
    if (method === "wallet_switchEthereumChain") chainId = (params[0] as { chainId: string }).chainId;
    if (method === "eth_signTypedData_v4") return answer(params[1] as string);
    return method === "eth_chainId" ? chainId : null;
  };
  const signer: Signer = { kind: "wallet", address, wallet: { rdns: "w", name: "W", provider: { request } } };
  return { signer, asked };
}

test("a wallet signs for room once, on the node's chain", async () => {
  const { signer, asked } = wallet(async (text) => account.signTypedData(JSON.parse(text)));
  const order = await signUploads(client, signer)(upload);
  expect(order).toMatchObject({ ...upload, sender: address });
  expect([await isSenders(901, order), await isSenders(902, order)]).toEqual([true, false]);
  expect(asked.filter((method) => method === "eth_signTypedData_v4")).toHaveLength(1);
  expect(asked).toContain("wallet_switchEthereumChain");
});

test("one whose owner says no sends nothing, and says so", async () => {
  const { signer } = wallet(() => Promise.reject(Object.assign(new Error("no"), { code: 4001 })));
  await expect(signUploads(client, signer)(upload)).rejects.toMatchObject({ code: "WALLET_REFUSED" });
});

test("a wallet whose transaction ran out of gas hears how much it had", { timeout: 60_000 }, async () => {
  const anvil = await startAnvilChain();
  try {
    const { address } = anvil.accounts[0]!;
    const to: Address = `0x${"c0".repeat(20)}`;
    // Ends at once where gas has no price, as in a call, and never where it has one.
    await anvil.client.rpc("anvil_setCode", [to, "0x3a600557005b600556"]);
    const request = ({ method, params = [] }: { method: string; params?: readonly unknown[] }) => {
      const isSent = method === "eth_sendTransaction";
      return anvil.client.rpc(method, isSent ? [{ ...(params[0] as object), gas: "0x7530" }] : params);
    };
    const signer: Signer = {
      kind: "wallet",
      address,
      wallet: { rdns: "w", name: "W", provider: { request } },
    };
    await expect(transact(anvil.client, signer, { to, data: "0x" })).rejects.toMatchObject({
      code: "TRANSACTION_REVERTED",
      message: expect.stringContaining("it ran out of gas (30000 of its gas limit of 30000)"),
      fix: expect.stringContaining("send it again"),
    });
  } finally {
    anvil.stop();
  }
});
