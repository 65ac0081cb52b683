import type { ChainClient } from "../../ai/client/chain.ts";
import { LogScan } from "../../ai/client/log-scan.ts";
import type { ContentSink } from "../../ai/content/source.ts";
import type { Logger } from "../../base/logger.ts";
import type { AgentAddresses } from "../addresses.ts";
import { getDeed } from "../deeds.ts";
import { accusationsIn } from "../verdicts.ts";
import type { RunFile } from "./run-file.ts";

export interface EvidenceKeeperOptions {
  client: ChainClient;
  at: AgentAddresses;
  agentId: bigint;
  content: ContentSink;
  file: RunFile;
  logger: Logger;
}

/** Blocks in which a deed may have been accused before this start. */
const LOOK_BACK = 86_400n;

/** Puts the rationales of accused deeds where their panels look, in case they are there no more. */
export class EvidenceKeeper {
  private readonly options: EvidenceKeeperOptions;
  private scan: LogScan | undefined;

  constructor(options: EvidenceKeeperOptions) {
    this.options = options;
  }

  /** Looks at the accusations since the last time. */
  async look(): Promise<void> {
    const { client, at, agentId, content, file, logger } = this.options;
    const head = await client.public.getBlockNumber();
    this.scan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    await this.scan.advance(async (from, to) => {
      for (const { deedId } of await accusationsIn(client, at, { from, to })) {
        const deed = await getDeed(client, at, deedId);
        const bytes = deed.agentId === agentId ? file.rationale(deed.rationale) : undefined;
        if (bytes === undefined) continue;
        await content.put(bytes);
        logger.warn({ deedId }, "a deed was accused: its panel has its rationale");
      }
    });
  }
}
