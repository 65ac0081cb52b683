import type { ContentSource } from "../../ai/content/source.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { Agent } from "../agents.ts";
import { agentError } from "../errors.ts";
import { rulesOfPolicy, type SwapPolicy } from "../policy.ts";

/** The rules of an agent's policy, read again when it is another. */
export class PolicySource {
  private readonly texts: ContentSource;
  private last: { hash: Hash; rules: SwapPolicy } | undefined;

  /** @param texts gives nothing longer than a policy may be. */
  constructor(texts: ContentSource) {
    this.texts = texts;
  }

  /** @throws CodedError `POLICY_ABSENT`, `POLICY_INVALID`, and of the content. */
  async of({ id, policy: hash }: Pick<Agent, "id" | "policy">): Promise<SwapPolicy> {
    if (this.last?.hash === hash) return this.last.rules;
    const rules = rulesOfPolicy(textOf(id, await this.texts.get(hash)));
    if (rules === undefined) throw absent(id);
    this.last = { hash, rules };
    return rules;
  }
}

function textOf(id: bigint, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw absent(id);
  }
}

function absent(id: bigint) {
  return agentError("POLICY_ABSENT", {
    message: `the policy of agent ${id} has no rules that a program can follow`,
    fix: "write them as contracts/agents.md shows, then `openledger agent set-policy`",
    facts: { id },
  });
}
