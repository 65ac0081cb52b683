import type { ModelFiles } from "../model/files.ts";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Files of a tokenizer with one token for each character of ASCII; the special tokens are also in the vocabulary, as in GPT-2's. */
export function characterTokenizer(config: Readonly<Record<string, unknown>> = {}): ModelFiles {
  const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const special = ["<s>", "<|im_start|>", "<|im_end|>", "[INST]"];
  const vocab = Object.fromEntries(
    [...special, "<unk>", "\n", ...characters].map((token, id) => [token, id]),
  );
  return new Map([
    [
      "tokenizer.json",
      json({
        version: "1.0",
        added_tokens: special.map((content, id) => ({
          id,
          content,
          special: true,
          single_word: false,
          lstrip: false,
          rstrip: false,
          normalized: false,
        })),
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: { type: "Fuse" },
        model: { type: "BPE", vocab, merges: [], unk_token: "<unk>", byte_fallback: false, fuse_unk: false },
      }),
    ],
    ["config.json", json({ eos_token_id: 2 })],
    ["tokenizer_config.json", json(config)],
  ]);
}
