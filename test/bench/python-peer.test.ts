import { afterEach, expect, test, vi } from "vitest";
import { PythonPeer } from "./python-peer.ts";

afterEach(() => vi.unstubAllEnvs());

test("a peer without its Python, or whose script ends, gives the reason in place of an answer", async () => {
  vi.stubEnv("OPENLEDGER_PYTHON", "/no/such/python");
  const absent = new PythonPeer("train.py", []);
  expect(await absent.ask({ do: "train" })).toMatch(/^peer not measured: .*ENOENT/);
  // A second question finds it gone too.
  expect(await absent.ask({ do: "train" })).toMatch(/^peer not measured/);
  // Not a Python at all: it reads the script's first line and ends.
  vi.stubEnv("OPENLEDGER_PYTHON", process.execPath);
  const broken = new PythonPeer("train.py", []);
  expect(await broken.ask({ do: "train" })).toMatch(/^peer not measured/);
});

test("a peer that takes too long is ended", async () => {
  vi.stubEnv("OPENLEDGER_PYTHON", "tail");
  // `tail train.py -f` reads on for ever.
  const slow = new PythonPeer("train.py", ["-n", "0", "-f"]);
  expect(slow.hasEnded).toBe(false);
  expect(await slow.ask({ do: "train" }, 0.2)).toBe("peer not measured: it took more than 0.2 s");
  expect(slow.hasEnded).toBe(true);
});
