import { cpus, loadavg } from "node:os";
import { describeError } from "../../node/base/errors.ts";
import { callBench } from "./call.ts";
import { deriveBench } from "./derive.ts";
import { engineBench } from "./engine.ts";
import { churnBench } from "./engine-churn.ts";
import { evmBench } from "./evm.ts";
import { type Bench, formatFigure, ratioLines } from "./figure.ts";
import { gemmBench } from "./gemm.ts";
import { indexBuildBench } from "./index-build.ts";
import { indexBench } from "./index-rows.ts";
import { logsBench } from "./logs.ts";
import { precompilesBench } from "./precompiles.ts";
import { provedClaimBench } from "./proved-claim.ts";
import { scanBench } from "./scan.ts";
import { spansBench } from "./spans.ts";
import { splitterBench } from "./splitter.ts";
import { stateBench } from "./state.ts";
import { trainBench } from "./train.ts";
import { erc20Bench, transfersBench } from "./transfers.ts";
import { webBench } from "./web.ts";
import { worstBlock } from "./worst-block/worst-block.ts";

const BENCHES: readonly Bench[] = [
  transfersBench,
  erc20Bench,
  callBench,
  logsBench,
  evmBench,
  deriveBench,
  stateBench,
  trainBench,
  gemmBench,
  engineBench,
  churnBench,
  scanBench,
  indexBench,
  indexBuildBench,
  spansBench,
  splitterBench,
  precompilesBench,
  provedClaimBench,
  webBench,
];

/** Minutes long, with options of its own: runs when it is named first, and alone. */
const ALONE = "worst-block";

const wanted = process.argv.slice(2);
const isAlone = wanted[0] === ALONE;
const unknown = isAlone ? [] : wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no bench ${unknown.join(", ")}; there are ${[...BENCHES.map(({ name }) => name), ALONE].join(", ")}\n`,
  );
  process.exit(1);
}
process.stdout.write(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, Node ${process.version}\n`,
);
if (loadavg()[0]! > cpus().length / 2) {
  process.stdout.write(
    `the machine is busy (load ${loadavg()[0]!.toFixed(1)}): only processor times and gas mean something now\n`,
  );
}
if (isAlone) {
  await worstBlock(wanted.slice(1)).catch((error: unknown) => {
    process.stdout.write(`${ALONE}: ${describeError(error)}\n`);
  });
}
for (const bench of isAlone ? [] : BENCHES) {
  if (wanted.length > 0 && !wanted.includes(bench.name)) continue;
  try {
    const figures = await bench.run();
    for (const figure of figures) process.stdout.write(`${formatFigure(figure)}\n`);
    for (const line of ratioLines(figures)) process.stdout.write(`${line}\n`);
    if (bench.summary !== undefined) process.stdout.write(`${bench.summary(figures)}\n`);
  } catch (error) {
    process.stdout.write(`${bench.name}: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}
