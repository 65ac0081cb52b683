import { expect, test } from "vitest";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { chatModels, modelIdOf } from "./chat.ts";

const model = (modelId: bigint, name: string, open = true) =>
  ({ modelId, name, open, baseHash: `0x12345678${"00".repeat(28)}` }) as unknown as RegisteredModel;
const registered = [model(9n, "closed", false), model(2n, "facts"), model(1n, "older")];
const isServing = ({ open }: RegisteredModel) => open;

test("with a key the models are those that the node lists, by the chain's names", () => {
  const served = ["base-12345678", "base-12345678+1", "base-12345678+2", "base-12345678+77"];
  expect(chatModels(registered, served, isServing)).toEqual([
    { id: "base-12345678+77", modelId: 77n, name: "model (model 77)" },
    { id: "base-12345678+2", modelId: 2n, name: "facts (model 2)" },
    { id: "base-12345678+1", modelId: 1n, name: "older (model 1)" },
    { id: "base-12345678", modelId: undefined, name: "base-12345678, without an adapter" },
  ]);
});

test("without a key they are those that can be paid for", () => {
  expect(chatModels(registered, undefined, isServing).map(({ id }) => id)).toEqual([
    ...["base-12345678+2", "base-12345678+1"],
  ]);
});

test("a name is a registered model's only in its whole form", () => {
  expect(modelIdOf("base-12345678+12")).toBe(12n);
  for (const id of ["base-12345678", "base-1234567g+1", "base-12345678+", "x+3", "base-12345678+1+2"])
    expect(modelIdOf(id)).toBeUndefined();
});
