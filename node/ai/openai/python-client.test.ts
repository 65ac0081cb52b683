import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KEY, SmallCatalogue, serveDoor } from "../testing/small-door.ts";

const run = promisify(execFile);
/** A Python that has OpenAI's client; `.ci/python-client.sh` makes one. */
const python = process.env.OPENLEDGER_OPENAI_PYTHON ?? "python3";

const version = await run(python, ["-c", "import openai; print(openai.__version__)"]).then(
  ({ stdout }) => stdout.trim(),
  () => undefined,
);

const catalogues = [new SmallCatalogue(), new SmallCatalogue(), new SmallCatalogue()] as const;
const [, busy] = catalogues;
let doors: Awaited<ReturnType<typeof serveDoor>>[];
beforeAll(async () => {
  doors = await Promise.all(catalogues.map((catalogue) => serveDoor(catalogue)));
  await doors[2]!.door.drain(0);
});
afterAll(() => {
  for (const { server } of doors) {
    server.closeAllConnections();
    server.close();
  }
  for (const { engine } of catalogues) engine.close();
});

it.skipIf(version === undefined)(
  `OpenAI's Python client ${version ?? "(not installed: see OPENLEDGER_OPENAI_PYTHON in CONTRIBUTING.md)"}`,
  { timeout: 180_000 },
  async () => {
    busy.refusals = 3;
    const script = fileURLToPath(new URL("python-client.py", import.meta.url));
    const { stdout } = await run(python, [script, KEY, ...doors.map(({ baseURL }) => baseURL)]);
    expect(stdout.trim()).toBe("ok");
    // One that gave up, two that were told to wait, one that was answered.
    expect(busy.opened).toBe(4);
    expect(catalogues.map(({ held }) => held)).toEqual([0, 0, 0]);
  },
);
