// A process that serves the model named by its argument, or none: prints what it has in memory, and what of that keys, values and
// weights take.
import { Engine } from "../../native/js/engine.ts";
import { Session } from "../../native/js/index.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { answerAll, PAGE_TOKENS } from "./engine-requests.ts";

const [path] = process.argv.slice(2);
const PAGES = 64;
const REQUEST = { prompt: [100, 200, 300], maxTokens: 16 };
const session = new Session({ threads: 2 });
let cacheBytes = 0;
let weightBytes = 0;
let engine: Engine | undefined;
if (path !== undefined) {
  const model = await loadModel(await openModelSource(path));
  engine = new Engine(session, model.native, { arithmetic: "q8", pages: PAGES, pageTokens: PAGE_TOKENS });
  const { layers, kvHeads, headDim } = model.config;
  // Pages that nobody wrote to are not in memory; an answer's last token is never fed.
  const fed = REQUEST.prompt.length + REQUEST.maxTokens - 1;
  cacheBytes = 2 * 4 * layers * kvHeads * headDim * fed;
  weightBytes = model.native.bytes;
  await answerAll(engine, [REQUEST]);
}
globalThis.gc?.();
process.stdout.write(JSON.stringify({ rss: process.memoryUsage.rss(), cacheBytes, weightBytes }));
engine?.close();
session.close();
