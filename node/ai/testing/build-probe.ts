// Makes a model and says how far it is, a line each: `{"note"}`, `{"stage","done"}`, at the end `{"hashes"}`. For tests that end it on the way.
import { Session } from "../../../native/js/index.ts";
import { encodeDocument } from "../datanet/document.ts";
import { readModelFolder } from "../model/files.ts";
import { DEFAULT_METHOD } from "../train/method.ts";
import { buildModel } from "../train/model-build.ts";
import { snapshotRoot } from "../train/snapshot.ts";
import { FACTS } from "./facts.ts";
import { memoryContent } from "./memory-content.ts";

const [folder, epochs, checkpoint] = process.argv.slice(2) as [string, string, string?];

const content = memoryContent();
const rows = FACTS.slice(0, 12).map(({ prompt, completion }) => ({ prompt, completion }));
const document = encodeDocument({ name: "facts.jsonl", rows });
await content.put(document.bytes);
const { contentId, rowsRoot, rowCount } = document;
const contributor = `0x${"11".repeat(20)}` as const;
const contributions = [{ contributionId: 1n, contributor, contentId, rowsRoot, rowCount }];
const snapshots = [{ datanetId: 1n, number: 1, root: snapshotRoot(contributions), contributions }];
const training = { ...DEFAULT_METHOD.training, epochs: Number(epochs) };
const input = {
  name: "probe",
  baseFiles: await readModelFolder(folder),
  snapshots,
  method: { ...DEFAULT_METHOD, training },
};
const keeping = checkpoint === undefined ? undefined : { path: checkpoint, everyMs: 1, tell: note };
const built = await buildModel(new Session({ threads: 1 }), input, content, {
  keeping,
  onProgress: (stage, done) => say({ stage, done }),
});
say({ hashes: built.hashes, losses: [...built.trained.losses] });

function note(text: string): void {
  say({ note: text });
}

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
