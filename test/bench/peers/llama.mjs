// llama.cpp through node-llama-cpp, driven by lines on standard input: each a JSON order, each answered by the seconds it took.
// The folder of its packages comes as the first argument: it is no dependency of the project.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [packages, modelPath, threads] = process.argv.slice(2);
const entry = createRequire(join(packages, "package.json")).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  maxThreads: Number(threads),
});
const model = await llama.loadModel({ modelPath });

async function decode({ prompts, tokens }) {
  const context = await model.createContext({
    ...{ sequences: prompts.length, contextSize: 1024, batchSize: 512, threads: Number(threads) },
  });
  const started = performance.now();
  let counted = 0;
  await Promise.all(
    prompts.map(async (prompt) => {
      const sequence = context.getSequence();
      let left = tokens;
      // An end token would end it early: as many tokens on both sides.
      for await (const _ of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
        counted++;
        if (--left === 0) break;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await context.dispose();
  return { seconds, tokens: counted };
}

async function read({ prompts }) {
  const context = await model.createContext({
    sequences: 1,
    contextSize: 1024,
    batchSize: 512,
    threads: Number(threads),
  });
  const sequence = context.getSequence();
  const started = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(prompts[0]);
  const seconds = (performance.now() - started) / 1000;
  await context.dispose();
  return { seconds, tokens: prompts[0].length };
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify(await (order.tokens > 0 ? decode(order) : read(order)))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
process.exit(0);
