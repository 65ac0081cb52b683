import { parentPort, workerData } from "node:worker_threads";
import { renderInModule, type TemplateRequest } from "./module.ts";

const { module } = workerData as { module: WebAssembly.Module };

parentPort?.on("message", (request: TemplateRequest) => {
  parentPort?.postMessage(renderInModule(module, request));
});
parentPort?.postMessage("ready");
