import { privateKeyToAccount } from "viem/accounts";
import { afterAll, expect, test } from "vitest";
import { listOfRows } from "../../ai/attribution/score.ts";
import { type AttributionIndex, recordOf } from "../../ai/attribution/sketch-index.ts";
import { type Claim, postClaim, postedClaims } from "../../ai/client/claims.ts";
import { getRequest } from "../../ai/client/market.ts";
import { getModel } from "../../ai/client/models.ts";
import { hexOfBytes } from "../../ai/codec/hash.ts";
import { claimOf, loadServedModel, runInference, type ServedModel } from "../../ai/serve/inference.ts";
import { LIAR, MarketWorld, PROMPT, WATCHER } from "../../ai/testing/market-world.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { compareRows, showFalse } from "./appeal.ts";
import type { Protocol } from "./connection.tsx";
import type { Signer } from "./signer.ts";

let world: MarketWorld;
let protocol: Pick<Protocol, "client" | "at">;
const open = async (bySpans: boolean) => {
  world = await MarketWorld.open();
  const { modelId } = await world.serving(bySpans);
  const { client } = world.chain;
  // As a node's door: contents come from the world's own store.
  const rpc = async (method: string, params: [`0x${string}`, number]) => {
    if (method !== "openledger_getContent") throw new Error(`nothing answers ${method}`);
    const { bytes, ...rest } = await world.content.part(...params);
    return { data: hexOfBytes(bytes), ...rest };
  };
  protocol = { client: { ...client, rpc: rpc as typeof client.rpc }, at: world.at };
  return { modelId, model: await loadServedModel(world.content, await getModel(client, world.at, modelId)) };
};
const claimed = async (
  modelId: bigint,
  model: ServedModel,
  lie: (claim: Claim) => Claim = (claim) => claim,
) => {
  const { client } = world.chain;
  const { requestId } = await world.ask(modelId, LIAR);
  const request = await getRequest(client, world.at, requestId);
  const inference = await runInference(world.session, model, PROMPT, request.maxTokensOut);
  const { claim, query } = claimOf(inference, request);
  await postClaim(client, world.at, world.account(LIAR), {
    claim: lie(claim),
    query,
    bond: request.claimBond,
  });
  const to = await client.public.getBlockNumber();
  return (await postedClaims(client, world.at, { from: 0n, to, requestId })).at(-1)!;
};
/** The claim without its best row. */
const without = (index: AttributionIndex, { list, ...claim }: Claim): Claim => {
  const rows = list.rowIds.map((rowId, i) => ({ rowId, score: list.scores[i]! })).slice(1);
  const contributionOf = (row: number) => recordOf(index, row).contributionId;
  return { ...claim, list: listOfRows(index.commitment, rows, contributionOf) };
};
afterAll(() => world?.close());

test("a true claim agrees; a missed row is found, refused to a wallet, and shown by an account of the page", async () => {
  const { modelId, model } = await open(false);
  expect(await compareRows(protocol, await claimed(modelId, model))).toMatchObject({
    isWhole: true,
    counter: undefined,
    rows: model.index.commitment.rows,
  });
  const lie = await claimed(modelId, model, (claim) => without(model.index, claim));
  const compared = await compareRows(protocol, lie);
  expect(compared.counter).toMatchObject({ kind: "omission" });
  const wallet = { kind: "wallet" } as Signer;
  await expect(showFalse(protocol, wallet, compared, lie.claimHash)).rejects.toThrow("one of the next three");
  const privateKey = hexOfBytes(world.account(WATCHER).getHdKey().privateKey!);
  const address = privateKeyToAccount(privateKey).address as Address;
  const account = { privateKey } as never;
  await showFalse(protocol, { kind: "devnet", address, account }, compared, lie.claimHash);
  expect((await getRequest(protocol.client, world.at, lie.requestId)).status).toBe("refuted");
});
