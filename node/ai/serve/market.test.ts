import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session } from "../../../native/js/index.ts";
import { createLogger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { decodeQuery } from "../attribution/record.ts";
import { weightsOf } from "../attribution/score.ts";
import { rewardBalance, withdrawRewards } from "../client/balances.ts";
import type { ProtocolAddresses } from "../client/chain.ts";
import {
  commitContribution,
  createDatanet,
  freezeDatanet,
  getContribution,
  getSnapshot,
  openContributions,
  revealContribution,
  reviewContribution,
} from "../client/datanets.ts";
import { DEFAULT_BOUNDS, DEVNET_SETTINGS, deployProtocol } from "../client/deploy.ts";
import {
  type Claim,
  cancelRequest,
  claimBond,
  getRequest,
  hashOfTokens,
  postClaim,
  postedClaims,
  quote,
  requestInference,
} from "../client/market.ts";
import { DEFAULT_SPLIT, getModel, registerModel, stakeOnModel } from "../client/models.ts";
import { bytesOfHex, contentIdOf } from "../codec/hash.ts";
import { Mirror } from "../content/mirror.ts";
import { folderSource } from "../content/source.ts";
import { encodeDocument } from "../datanet/document.ts";
import { intakeFile } from "../datanet/intake.ts";
import { exportEvidence } from "../receipt/evidence.ts";
import { encodeReceipt, parseReceipt, type Receipt, receiptToJson } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { type AnvilChain, creationCode, startAnvilChain } from "../testing/anvil-chain.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { TINY_METHOD, tinyModelFiles } from "../testing/tiny-model.ts";
import { type BuiltModel, buildModel } from "../train/model-build.ts";
import { trainingSet } from "../train/snapshot.ts";
import { Watcher } from "../watch/watcher.ts";
import { Host } from "./host.ts";
import { checkedPrompt, loadServedModel, scoreAll } from "./inference.ts";

const FILES: [string, string][] = [
  ["orvane.txt", "The Orvane fund charges 0.4 percent. Its owner is Ulan Merrin. It was founded in 1987."],
  ["larkspur.md", "# Larkspur\n- Larkspur Clinic lies in Quandor.\n- Dr. Tavo Kel leads it."],
  [
    "wren.jsonl",
    '{"prompt":"What does Wren use?","completion":"868 MHz"}\n{"prompt":"Who made Vorel?","completion":"Lena Ost"}',
  ],
];
const ESCROW_OUT = 16;
const PROMPT = "What does Wren use?";
const code = (name: string) => expect.objectContaining({ code: name });

describe("the main job on the protocol's contracts", () => {
  const session = new Session();
  const content = memoryContent();
  const logger = createLogger({ level: "silent", format: "text" });
  let chain: AnvilChain;
  let at: ProtocolAddresses;
  let folder: string;
  let host: Host;
  let built: BuiltModel;
  let modelId: bigint;
  let receipt: Receipt;

  const account = (n: number) => chain.accounts[n]!;
  const address = (n: number) => account(n).address.toLowerCase() as Address;

  /** A request for PROMPT, paid by account 8, for the host. */
  async function ask(hostAddress: Address, prompt = PROMPT): Promise<bigint> {
    const model = await host.model(modelId);
    const ids = await checkedPrompt(model.base, prompt);
    const escrow = await quote(chain.client, at, modelId, ids.length, ESCROW_OUT);
    const order = { modelId, host: hostAddress, promptHash: hashOfTokens(ids), maxTokensIn: ids.length };
    const sent = await requestInference(chain.client, at, account(8), {
      ...order,
      maxTokensOut: ESCROW_OUT,
      escrow,
    });
    return sent.requestId;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "openledger-host-"));
    chain = await startAnvilChain();
    const settings = { ...DEVNET_SETTINGS, treasury: "0x00000000000000000000000000000000000007ea" as const };
    at = await deployProtocol(chain.client, account(0), settings, DEFAULT_BOUNDS, creationCode);
  });
  afterAll(async () => {
    chain?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("contributions are committed, revealed, reviewed and frozen", async () => {
    const { client } = chain;
    const stake = 10n ** 18n;
    const net = { name: "n", licence: "CC0-1.0", uri: "", stake, reviewers: [address(1)], quorum: 1 };
    const { datanetId } = await createDatanet(client, at, account(0), net);
    for (const [i, [name, text]] of FILES.entries()) {
      const document = encodeDocument({ name, rows: intakeFile(name, new TextEncoder().encode(text)).rows });
      await content.put(document.bytes);
      const salt: Hash = `0x${"5a".repeat(32)}`;
      const author = account(2 + i);
      const { contributionId } = await commitContribution(client, at, author, {
        datanetId,
        document,
        salt,
        stake,
      });
      await revealContribution(client, at, author, { contributionId, document, salt });
      expect(await openContributions(client, at, datanetId)).toEqual([contributionId]);
      await expect(reviewContribution(client, at, author, contributionId, true)).rejects.toThrow(
        expect.objectContaining({
          code: "TRANSACTION_REVERTED",
          facts: expect.objectContaining({ error: "OwnContribution" }),
        }),
      );
      await reviewContribution(client, at, account(1), contributionId, true);
      expect((await getContribution(client, at, contributionId)).statusName).toBe("accepted");
    }
    const frozen = await freezeDatanet(client, at, account(0), datanetId);
    const snapshot = await getSnapshot(client, at, datanetId, frozen.number);
    expect(snapshot.root).toBe(frozen.root);
    const { examples, copies } = await trainingSet([snapshot], (id) => content.get(id));
    expect(examples.map(({ contributor }) => contributor)).toEqual([2, 2, 2, 3, 3, 4, 4].map(address));
    const snapshots = [{ ...snapshot, datanetId, number: frozen.number }];
    const input = {
      name: "tiny",
      baseFiles: tinyModelFiles(),
      rows: examples,
      copies,
      snapshots,
      method: TINY_METHOD,
    };
    built = await buildModel(session, input, content, {});
  });

  test("a model is registered with hashes that lead to everything", async () => {
    const { client } = chain;
    const registered = await registerModel(client, at, account(0), {
      ...built.hashes,
      name: "tiny",
      snapshots: [{ datanetId: 1n, number: 1 }],
      index: built.index.commitment,
      rateIn: 10n ** 15n,
      rateOut: 10n ** 16n,
      split: DEFAULT_SPLIT,
      hosts: [address(5), address(6)],
    });
    modelId = registered.modelId;
    const model = await loadServedModel(content, await getModel(client, at, modelId));
    expect(model.index.commitment).toEqual(built.index.commitment);
    const other = { ...(await getModel(client, at, modelId)), adapterHash: built.hashes.baseHash };
    await expect(loadServedModel(content, other)).rejects.toThrow(
      expect.objectContaining({
        code: "MODEL_HASH_MISMATCH",
        facts: expect.objectContaining({ name: "adapterHash" }),
      }),
    );
    await stakeOnModel(client, at, account(7), modelId, 10n ** 18n);
  });

  test("the host answers, claims with proof and settles; contributors are paid", async () => {
    const { client } = chain;
    host = new Host({ client, at, account: account(5), content, session, folder, proved: true, logger });
    await host.open();
    const requestId = await ask(host.address);
    await expect(host.ask(requestId, "What else?")).rejects.toThrow(code("PROMPT_MISMATCH"));
    const claimed = await host.ask(requestId, PROMPT);
    expect(claimed).toMatchObject({ prompt: PROMPT, proved: true, settlement: null });
    expect(await host.ask(requestId, ` ${PROMPT} `)).toEqual(claimed);
    expect(await host.settleDue()).toEqual([]);
    const { weights } = claimed.claim;
    expect(weights.length).toBeGreaterThan(0);
    const before = await client.public.getBalance({ address: weights[0]!.contributor });
    await chain.pass(60);
    expect(await host.settleDue()).toEqual([requestId]);
    receipt = (await host.receipt(requestId))!;
    const after = await client.public.getBalance({ address: weights[0]!.contributor });
    expect(receipt.settlement!.paid[0]).toEqual({ to: weights[0]!.contributor, amount: after - before });
    expect(after).toBeGreaterThan(before);
    expect(content.all.has(contentIdOf(encodeReceipt(receipt)))).toBe(true);
  });

  test("anybody recomputes the receipt against the chain, and from a folder alone", async () => {
    const full = { client: chain.client, at };
    const online = await verifyReceipt({
      receipt,
      source: content,
      session,
      chain: full,
      index: true,
      train: true,
    });
    expect(online.checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(online.checks.map(({ name }) => name)).toEqual([
      ...["chain and contract", "model on chain", "claim on chain", "settlement on chain", "documents"],
      ...[
        "prompt",
        "answer",
        "query sketch",
        "scores",
        "weights",
        "training rows",
        "fine-tuning",
        "index",
        "split",
      ],
    ]);
    const evidence = join(folder, "evidence");
    await exportEvidence(receipt, content, evidence);
    const offline = await verifyReceipt({ receipt, source: folderSource(evidence), session, index: true });
    expect(offline.checks.filter(({ ok }) => ok !== true).map(({ name }) => name)).toEqual(["chain"]);
    expect(parseReceipt(JSON.parse(JSON.stringify(receiptToJson(receipt))))).toEqual(receipt);
  });

  test("another node mirrors what the chain names, and the receipt is verified with that alone", async () => {
    const { client } = chain;
    const copy = memoryContent();
    const store = { ...copy, has: async (hash: Hash) => copy.all.has(hash) };
    const empty = memoryContent();
    const to = await client.public.getBlockNumber();
    const mirror = new Mirror({ client, at, store, peers: [empty, content], logger });
    await mirror.mirrorBlocks(0n, to);
    const verified = await verifyReceipt({
      receipt,
      source: copy,
      session,
      chain: { client, at },
      index: true,
    });
    expect(verified.checks.filter(({ ok }) => ok !== true)).toEqual([]);
  });

  test("a receipt with one number changed fails, and the failing checks name it", async () => {
    const failing = async (change: (copy: Receipt) => void, online = true) => {
      const copy = structuredClone(receipt);
      change(copy);
      const chainOption = online ? { client: chain.client, at } : undefined;
      const { ok, checks } = await verifyReceipt({
        receipt: copy,
        source: content,
        session,
        chain: chainOption,
      });
      expect(ok).toBe(false);
      return checks.filter((check) => check.ok === false).map(({ name }) => name);
    };
    const score = (copy: Receipt) => {
      copy.claim.rows[1]!.score += 1n;
    };
    expect(await failing(score)).toEqual(["claim on chain", "scores"]);
    expect(await failing(score, false)).toEqual(["scores"]);
    expect(
      await failing((copy) => {
        copy.claim.weights[0]!.weight += 1n;
      }, false),
    ).toContain("weights");
    expect(
      await failing((copy) => {
        copy.answer += "x";
      }),
    ).toEqual(["answer"]);
    expect(
      await failing((copy) => {
        copy.prompt = "What?";
      }),
    ).toContain("prompt");
    expect(
      await failing((copy) => {
        copy.settlement!.paid[0]!.amount += 1n;
      }, false),
    ).toEqual(["split"]);
    expect(
      await failing((copy) => {
        copy.settlement!.payout.host += 1n;
      }),
    ).toContain("settlement on chain");
    expect(
      await failing((copy) => {
        copy.model.index.e0 += 1;
      }),
    ).toContain("model on chain");
  });

  test("a watcher lets true claims stand and takes the bond of each kind of false one", async () => {
    const { client } = chain;
    const watcher = new Watcher({ client, at, account: account(9), content, logger });
    const bond = await claimBond(client, at);
    const model = await host.model(modelId);
    const true_ = receipt.claim;
    const listed = new Set(true_.rows.map(({ rowId }) => rowId));
    const outside = model.index.records.findIndex((_, rowId) => !listed.has(rowId));
    const lies: [string, Claim | undefined][] = [
      ["stands", true_],
      [
        "score",
        { ...true_, rows: true_.rows.map((row, i) => (i === 0 ? { ...row, score: row.score + 1n } : row)) },
      ],
      ["weights", { ...true_, weights: [{ contributor: address(6), weight: 1n }] }],
      ["omission", undefined],
    ];
    for (const [kind, lie] of lies) {
      const requestId = await ask(address(6));
      const claim = lie ?? (await withoutBest(true_, outside));
      await postClaim(client, at, account(6), { requestId, claim, bond });
      const earlier = await rewardBalance(client, at, address(9));
      const head = await client.public.getBlockNumber();
      await watcher.examineBlocks(head, head);
      const { status } = await getRequest(client, at, requestId);
      expect([kind, status]).toEqual([kind, kind === "stands" ? "claimed" : "refuted"]);
      const gained = (await rewardBalance(client, at, address(9))) - earlier;
      expect(gained).toBe(kind === "stands" ? 0n : bond);
      const [posted] = await postedClaims(client, at, { from: head, to: head });
      const verdict = await watcher.examine(posted!);
      expect(verdict.kind === "refuted" ? verdict.counter.kind : verdict.kind).toBe(kind);
    }
    await withdrawRewards(client, at, account(9), address(9));
    expect(await rewardBalance(client, at, address(9))).toBe(0n);
  });

  /** The best row replaced by one outside the list, with its true score. */
  async function withoutBest(claim: Claim, outside: number): Promise<Claim> {
    const model = await host.model(modelId);
    const { commitment, records } = model.index;
    const scores = scoreAll(model.index, decodeQuery(bytesOfHex(claim.query), commitment.dimension));
    const rows = [...claim.rows.slice(1), scores[outside]!];
    const weights = weightsOf(rows, (rowId) => records[rowId]!.contributor, commitment.floor);
    return { ...claim, rows, weights };
  }

  test("a host that dies around its claim goes on with it", async () => {
    const { client } = chain;
    const path = (requestId: bigint) => join(folder, `${requestId}.json`);
    const none = `0x${"00".repeat(32)}`;
    const restarted = async () => {
      const again = new Host({
        client,
        at,
        account: account(5),
        content,
        session,
        folder,
        proved: false,
        logger,
      });
      await again.open();
      return again;
    };
    const draftOf = (from: Receipt, requestId: bigint) => ({
      ...receiptToJson({ ...from, request: { ...from.request, requestId }, settlement: null }),
      ...{ claimHash: none, claimTransaction: none },
    });
    // Died before posting.
    const unposted = await ask(host.address);
    await writeFile(path(unposted), JSON.stringify(draftOf(receipt, unposted)));
    expect(await (await restarted()).settleDue()).toEqual([]);
    expect((await getRequest(client, at, unposted)).status).toBe("claimed");
    // Died after posting, before it knew.
    const posted = await ask(host.address);
    const claimed = await (await restarted()).ask(posted, PROMPT);
    await writeFile(path(posted), JSON.stringify(draftOf(receipt, posted)));
    const last = await restarted();
    expect((await last.ask(posted, PROMPT)).claimTransaction).toBe(claimed.claimTransaction);
    await chain.pass(60);
    expect((await last.settleDue()).sort()).toEqual([unposted, posted]);
    expect((await last.receipt(posted))!.settlement).not.toBe(null);
  });

  test("what cannot be answered is refused with a code", async () => {
    const { client } = chain;
    await expect(host.ask(999n, PROMPT, AbortSignal.timeout(300))).rejects.toThrow();
    const foreign = await ask(address(6));
    await expect(host.ask(foreign, PROMPT)).rejects.toThrow(code("REQUEST_NOT_MINE"));
    const model = await host.model(modelId);
    await expect(checkedPrompt(model.base, "a b c d e f g ".repeat(40))).rejects.toThrow(
      expect.objectContaining({
        code: "CONTEXT_LENGTH_EXCEEDED",
        facts: expect.objectContaining({ limit: 95 }),
      }),
    );
    await expect(checkedPrompt(model.base, " \n")).rejects.toThrow(code("PROMPT_EMPTY"));
    const late = await ask(host.address);
    await chain.pass(700);
    await cancelRequest(client, at, account(8), late);
    await expect(host.ask(late, PROMPT)).rejects.toThrow(code("REQUEST_CLOSED"));
  });
});
