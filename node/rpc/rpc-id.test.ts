import { expect, test } from "vitest";
import { newRpcId } from "./rpc-id.ts";

test("an id has no leading zeros, and sixteen bytes of chance", () => {
  expect(newRpcId(Uint8Array.of(0, 0x4, 0x5b))).toBe("0x45b");
  expect(newRpcId(new Uint8Array(16))).toBe("0x0");
  for (let round = 0; round < 1_000; round++) expect(newRpcId()).toMatch(/^0x[1-9a-f][0-9a-f]{0,31}$/);
});
