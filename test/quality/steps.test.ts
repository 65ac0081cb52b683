import { spawn } from "node:child_process";
import { once } from "node:events";
import { platform } from "node:os";
import { expect, test } from "vitest";
import { StepMeter } from "./steps.ts";

const MIB = 2 ** 20;

/** A process that holds so many MiB for a second. */
async function hold(mebibytes: number): Promise<void> {
  const program = `const held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); setTimeout(() => held[0], 1000)`;
  await once(spawn(process.execPath, ["-e", program]), "exit");
}

test.skipIf(platform() !== "linux")("a step's time and memory are those of its own commands", async () => {
  const meter = new StepMeter(undefined);
  expect(await meter.step("small", async () => "done")).toBe("done");
  await meter.step("large", () => hold(200));
  await expect(meter.step("fails", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const [small, large, fails] = meter.steps;
  expect(large!.seconds).toBeGreaterThan(0.9);
  expect(large!.commandBytes - small!.commandBytes).toBeGreaterThan(200 * MIB);
  expect(large!.commandBytes - small!.commandBytes).toBeLessThan(400 * MIB);
  expect([large!.devnetBytes, fails!.name]).toEqual([0, "fails"]);
  expect(meter.lines().at(-1)).toMatch(/^ {2}most memory at once: \d+ MiB$/);
  expect(meter.lines()).toHaveLength(4);
});

test.skipIf(platform() !== "linux")("a devnet's processes are told apart from the commands", async () => {
  const devnet = spawn(process.execPath, [
    "-e",
    "const held = Buffer.alloc(100 * 2 ** 20, 1); setTimeout(() => held[0], 4000)",
  ]);
  try {
    const meter = new StepMeter(devnet.pid);
    await meter.step("both", () => hold(50));
    expect(meter.steps[0]!.devnetBytes).toBeGreaterThan(100 * MIB);
    expect(meter.steps[0]!.commandBytes).toBeLessThan(meter.steps[0]!.devnetBytes + 60 * MIB);
    expect(meter.steps[0]!.commandBytes).toBeGreaterThan(50 * MIB);
  } finally {
    devnet.kill();
  }
});
