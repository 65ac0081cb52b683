import { text } from "node:stream/consumers";
import { z } from "zod";
import { Session } from "../../../native/js/index.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { connectChain, type ProtocolAddresses } from "../client/chain.ts";
import { rpcSource } from "../client/content.ts";
import type { OpenedRequest } from "./evidence.ts";
import { rerunRecord } from "./rerun-record.ts";
import { rerunRequest } from "./rerun-request.ts";

/** What rerun.ts sends on standard input: it made it itself. */
const order = z.object({
  rpcUrl: z.string(),
  at: z.custom<ProtocolAddresses>(),
  task: z.union([
    z.object({
      requestId: z.string().transform(BigInt),
      request: z.custom<OpenedRequest>(),
      asked: z.object({ modelId: z.string().transform(BigInt), requestHash: z.custom<Hash>() }).optional(),
    }),
    z.object({ modelId: z.string().transform(BigInt), rowId: z.number() }),
  ]),
  maxModelBytes: z.number(),
  threads: z.number().optional(),
});

/** The process in which one request or record is run again: its result, or why there is none, as JSON on standard output. */
async function main(): Promise<void> {
  try {
    const { rpcUrl, at, task, maxModelBytes, threads } = order.parse(JSON.parse(await text(process.stdin)));
    const client = await connectChain(rpcUrl);
    const session = new Session({ threads });
    const context = { client, at, content: rpcSource(client), session, maxModelBytes };
    const { value, digest } =
      "rowId" in task
        ? await rerunRecord(context, task.modelId, task.rowId)
        : await rerunRequest(context, task.requestId, task.request, task.asked);
    process.stdout.write(JSON.stringify({ value, digest }));
  } catch (error) {
    const code = isCodedError(error) ? error.code : "UNEXPECTED";
    process.stdout.write(
      JSON.stringify({ code, message: error instanceof Error ? error.message : String(error) }),
    );
  }
}

await main();
