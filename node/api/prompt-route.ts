import { z } from "zod";
import { decodeManifest, fetchFiles } from "../ai/attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../ai/client/chain.ts";
import { getModel } from "../ai/client/models.ts";
import type { ContentSource } from "../ai/content/source.ts";
import { MAX_MESSAGES, ROW_ROLES } from "../ai/datanet/rows.ts";
import { parseModelConfig } from "../ai/model/config.ts";
import { requireJson } from "../ai/model/files.ts";
import { loadTokenizer } from "../ai/model/tokenizer.ts";
import { claimableTokens } from "../ai/serve/claim-with-cover.ts";
import { answerLimit, checkedPrompt, type PromptReader } from "../ai/serve/inference.ts";
import { decodeMethod, type Method } from "../ai/train/method.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { apiError } from "./errors.ts";
import { type ApiRoute, apiRoute } from "./routes.ts";

/** UTF-16 units, with the messages before it; the model's own limit is in tokens. */
const MAX_PROMPT = 65_536;
/** Tokenizers kept in memory at once. */
const MAX_READERS = 4;

const bodySchema = z
  .strictObject({
    modelId: z
      .string()
      .regex(/^\d{1,18}$/)
      .transform(BigInt),
    prompt: z.string().min(1).max(MAX_PROMPT),
    /** The conversation before the prompt. */
    before: z
      .array(z.strictObject({ role: z.enum(ROW_ROLES), content: z.string().max(MAX_PROMPT) }))
      .min(1)
      .max(MAX_MESSAGES)
      .optional(),
  })
  .refine(
    ({ prompt, before = [] }) =>
      before.reduce((sum, { content }) => sum + content.length, prompt.length) <= MAX_PROMPT,
    `has more than ${MAX_PROMPT} characters of prompt and messages`,
  );

/** What reading prompts takes. */
export interface PromptSources {
  /** Undefined while the protocol's contracts are not known. */
  chain: () => Promise<{ client: ChainClient; at: ProtocolAddresses } | undefined>;
  content: ContentSource;
}

/** As much of a model as a prompt's length and price need. */
interface Reader {
  base: PromptReader;
  method: Method;
}

/**
 * `POST /api/prompt`: the token ids of a prompt as the model sees it, and how long an answer can get. With them a payer makes
 * the request's hash; whoever verifies the receipt tokenizes again.
 */
export function promptRoute({ chain, content }: PromptSources): ApiRoute {
  const readers = new Map<Hash, Promise<Reader>>();
  return apiRoute({
    method: "POST",
    path: "/api/prompt",
    summary:
      "Token ids of a prompt for a registered model, after what was said before it, and the most tokens that its answer can have.",
    body: bodySchema,
    async run({ modelId, prompt, before }) {
      const here = await chain();
      if (here === undefined)
        throw apiError("API_BUSY", {
          message: "The protocol's contracts are not known yet.",
          fix: "Try again in a moment.",
        });
      const { manifestHash, index } = await getModel(here.client, here.at, modelId);
      const reader = await readerOf(readers, content, manifestHash);
      const promptIds = await checkedPrompt(reader.base, { prompt, before });
      return {
        promptIds,
        contextLength: reader.base.config.contextLength,
        maxTokensOut: Math.min(answerLimit(reader, promptIds.length), claimableTokens(index, reader.method)),
      };
    },
  });
}

function readerOf(
  readers: Map<Hash, Promise<Reader>>,
  content: ContentSource,
  manifestHash: Hash,
): Promise<Reader> {
  const known = readers.get(manifestHash);
  if (known !== undefined) return known;
  const loading = loadReader(content, manifestHash);
  readers.set(manifestHash, loading);
  loading.catch(() => readers.delete(manifestHash));
  const [oldest] = readers.keys();
  if (readers.size > MAX_READERS && oldest !== undefined) readers.delete(oldest);
  return loading;
}

async function loadReader(content: ContentSource, manifestHash: Hash): Promise<Reader> {
  const manifest = decodeManifest(await content.get(manifestHash));
  const files = await fetchFiles(content, manifest.tokenizer);
  const config = parseModelConfig(requireJson(files, "config.json"));
  return {
    base: { tokenizer: loadTokenizer(files), config },
    method: decodeMethod(await content.get(manifest.method)),
  };
}
