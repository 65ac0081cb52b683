// Makes a model within whatever limits this process was given, and says how that ended: `done`, or a code with its facts.
import { Session } from "../../../native/js/index.ts";
import { isCodedError } from "../../base/errors.ts";
import { encodeDocument } from "../datanet/document.ts";
import { readModelFolder } from "../model/files.ts";
import { loadModel } from "../model/load.ts";
import { buildModel } from "../train/model-build.ts";
import { snapshotRoot } from "../train/snapshot.ts";
import { FACTS } from "./facts.ts";
import { memoryContent } from "./memory-content.ts";
import { TINY_METHOD } from "./tiny-model.ts";

const [job, folder] = process.argv.slice(2) as [string, string];
try {
  if (job === "load") await loadModel(await readModelFolder(folder));
  else await build();
  say({ end: "done" });
} catch (error) {
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNCODED";
  say({ end: code, message: String(error), facts: isCodedError(error) ? error.facts : {} });
}

async function build(): Promise<void> {
  const content = memoryContent();
  const rows = FACTS.map(({ prompt, completion }) => ({ prompt, completion }));
  const document = encodeDocument({ name: "facts.jsonl", rows });
  await content.put(document.bytes);
  const { contentId, rowsRoot, rowCount } = document;
  const contributor = `0x${"11".repeat(20)}` as const;
  const contributions = [{ contributionId: 1n, contributor, contentId, rowsRoot, rowCount }];
  const snapshots = [{ datanetId: 1n, number: 1, root: snapshotRoot(contributions), contributions }];
  const training = { ...TINY_METHOD.training, epochs: 1, warmupSteps: 0 };
  const input = {
    name: "probe",
    baseFiles: await readModelFolder(folder),
    snapshots,
    method: { ...TINY_METHOD, training },
  };
  await buildModel(new Session({ threads: 1 }), input, content, {});
}

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
