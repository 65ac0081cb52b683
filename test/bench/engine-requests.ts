import type { Engine, EngineRequest } from "../../native/js/engine.ts";

/** Positions of a page in the benches' engines. */
export const PAGE_TOKENS = 16;

/** Has all of them answered, and every token read. */
export async function answerAll(engine: Engine, requests: readonly EngineRequest[]): Promise<void> {
  const answers = requests.map((request) => engine.submit(request));
  await Promise.all(
    answers.map(async ({ tokens }) => {
      for await (const _ of tokens);
    }),
  );
}
