import { describe, expect, test } from "vitest";
import { rollupError } from "../errors.ts";
import { createEndpoints, createFailoverRpc } from "./endpoints.ts";

const down = (name: string) => rollupError("L1_UNAVAILABLE", { message: name });

describe("endpoints", () => {
  test("the first that can do it answers; a failed one is preferred again after a pause that grows", async () => {
    let now = 0;
    const asked: string[] = [];
    let isDown = true;
    const endpoints = createEndpoints(["a", "b"], { now: () => now });
    const ask = () =>
      endpoints.use(async (name) => {
        asked.push(name);
        if (name === "a" && isDown) throw down(name);
        return name;
      });
    expect(await ask()).toBe("b");
    expect(await ask()).toBe("b");
    expect(asked.splice(0)).toEqual(["a", "b", "b"]);
    now = 1_000;
    expect(await ask()).toBe("b");
    now = 2_999;
    expect(await ask()).toBe("b");
    expect(asked.splice(0)).toEqual(["a", "b", "b"]);
    now = 3_000;
    isDown = false;
    expect(await ask()).toBe("a");
  });

  test("all are asked, also those that rest, before the preferred one's failure is given back", async () => {
    const endpoints = createEndpoints(["a", "b"], { now: () => 0 });
    const failing = () =>
      endpoints.use(async (name) => {
        throw down(name);
      });
    await expect(failing()).rejects.toMatchObject({ message: "a" });
    await expect(failing()).rejects.toMatchObject({ code: "L1_UNAVAILABLE" });
    expect(await endpoints.use(async (name) => name)).toBe("a");
  });

  test("a failure that is not the endpoint's is nobody else's business", async () => {
    const asked: string[] = [];
    const endpoints = createEndpoints(["a", "b"]);
    const fault = endpoints.use(async (name) => {
      asked.push(name);
      throw new TypeError("mine");
    });
    await expect(fault).rejects.toThrow("mine");
    expect(asked).toEqual(["a"]);
  });

  test("an error answer is an answer: no transaction is sent twice for it", async () => {
    const refused = rollupError("L1_RPC_ERROR", { message: "nonce too low" });
    const asked: string[] = [];
    const rpc = createFailoverRpc([
      async () => Promise.reject(refused),
      async () => {
        asked.push("b");
        return 1;
      },
    ]);
    await expect(rpc("eth_sendRawTransaction", [])).rejects.toBe(refused);
    expect(asked).toEqual([]);
    const failing = createFailoverRpc([async () => Promise.reject(down("a")), async () => 7]);
    expect(await failing("eth_blockNumber", [])).toBe(7);
  });
});
