import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import { connectChain, type ProtocolAddresses } from "../../node/ai/client/chain.ts";
import { createDatanet } from "../../node/ai/client/datanets.ts";
import { HOSTILE, type World } from "./world.ts";

/** Text that strangers put on chain. */
export function hostileCases(world: World): void {
  test("a datanet's name and licence are text wherever they stand", async () => {
    const { page } = world;
    const client = await connectChain(world.rpc);
    const at = await client.rpc<ProtocolAddresses>("openledger_protocol", []);
    const { olga, rita } = devAccounts();
    const name = HOSTILE.slice(0, 64);
    const { datanetId } = await createDatanet(client, at, privateKeyToAccount(olga.privateKey), {
      ...{ name, licence: HOSTILE.slice(0, 64), uri: "", stake: 10n ** 18n, quorum: 1 },
      reviewers: [rita.address],
    });
    for (const path of ["/", "/datanets", `/datanets/${datanetId}`, `/datanets/${datanetId}/contribute`]) {
      await world.open(path);
      await page.getByText("<img src=x").first().waitFor();
      expect(await page.evaluate(`"hacked" in window`)).toBe(false);
      expect(await page.locator("img[src=x]").count()).toBe(0);
    }
  });

  test("a question and its answer are text", async () => {
    const { page } = world;
    await world.open("/models/1");
    await world.connect("paula");
    await page.getByLabel("Your question").fill(HOSTILE);
    await page.getByRole("button", { name: "See the price" }).click();
    await page.getByRole("button", { name: "Pay and ask" }).click();
    await page.getByTestId("answer").waitFor({ timeout: 120_000 });
    await page.getByText(HOSTILE).first().waitFor();
  });

  test("a page of another site gets into no frame of its own", async () => {
    const answer = await fetch(world.web);
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
    expect(answer.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  });
}
