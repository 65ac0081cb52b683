import { describe, expect, test } from "vitest";
import { loadNodeConfig } from "./config/node-config.ts";
import { rpcOrigins } from "./web.ts";

describe("pages that may call a node", () => {
  const origins = (given: Record<string, unknown>) =>
    rpcOrigins(
      loadNodeConfig({ env: {}, flags: { dataDir: "d", l1Url: "http://127.0.0.1:8545", ...given } }),
    );

  test("are none of other machines, unless the settings name them", () => {
    expect(origins({})).toEqual([]);
    expect(origins({ web: "off" })).toEqual([]);
    expect(origins({ rpcCors: "https://app.example,https://b.example" })).toEqual([
      "https://app.example",
      "https://b.example",
    ]);
    expect(origins({ rpcCors: "*" })).toContain("*");
  });

  test("are its own, under each name that they have", () => {
    expect(origins({ webHosts: "node.example", webPort: "9000" })).toEqual([
      "https://node.example",
      "http://node.example",
      "http://node.example:9000",
    ]);
    expect(origins({ webHosts: "node.example", web: "off" })).toEqual([]);
  });
});
