import { isDeepStrictEqual } from "node:util";
import {
  concatHex,
  encodeAbiParameters,
  encodeFunctionData,
  erc20Abi,
  getContractAddress,
  toHex,
} from "viem";
import { CodedError } from "../../node/base/errors.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { ownArtifact } from "../../node/deploy/artifacts.ts";
import { chainCrypto } from "../../node/execution/evm/ethereumjs/crypto.ts";
import type { ExecutedBlock } from "../../node/execution/evm/executor.ts";
import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { createSmallChain, FUNDS, SENDER, type SmallChain, signed } from "../support/small-chain.ts";
import { type Bench, cpuClock, type Figure, medianSecondsInTurn } from "./figure.ts";
import { StockVm } from "./stock-vm.ts";

const CHAIN_ID = 901n;
const GAS_LIMIT = 200_000_000n;
const RUNS = 7;
/** A node runs for days: both sides are measured with their code compiled. */
const WARM_UPS = 5;
/** Of the lines with the ratios, in the order of {@link workloads}. */
const SHORT_NAMES = ["erc20", "loop", "transfers"];
const ITERATIONS = 100_000;
const TOKEN_TRANSFERS = 200;
const TRANSFERS = 400;

/** acc = acc * acc + n for n = calldata ... 1; then acc into slot 0. 15 operations and 49 gas a round. */
const LOOP_CODE: Hex = "0x60003560015b8002810190600190038091906005575f5500";
const sender = SENDER.address.toLowerCase() as Address;
const [token, loop] = [0n, 1n].map(
  (nonce) => getContractAddress({ from: SENDER.address, nonce }).toLowerCase() as Address,
) as [Address, Address];

interface Workload {
  name: string;
  envelopes: readonly Uint8Array[];
  /** Accounts that must be equal on both sides afterwards. */
  compare: readonly Address[];
}

/** All that builds or runs a workload's block. */
interface Sides {
  small: SmallChain;
  /** The same chain with our other executor. */
  typescript: SmallChain;
  stock: StockVm;
  /** The same as `stock` with our hashes and signature recovery. */
  lent: StockVm;
}

/** Equal blocks, from signed envelopes to all roots, through our builder with both executors and through `runBlock`. */
export const evmBench: Bench = {
  name: "evm",
  async run() {
    const small = createSmallChain({ gasLimit: GAS_LIMIT, executor: "wasm" });
    const typescript = createSmallChain({ gasLimit: GAS_LIMIT, executor: "ts" });
    const stock = await StockVm.create(CHAIN_ID, sender, FUNDS);
    const lent = await StockVm.create(CHAIN_ID, sender, FUNDS, { ...chainCrypto });
    const setUp = await deployments();
    const { block } = await small.advance(setUp);
    await typescript.advance(setUp);
    for (const peer of [stock, lent]) {
      await peer.run(block.header, setUp);
      await peer.keep();
    }
    const figures: Figure[] = [];
    const sides = { small, typescript, stock, lent };
    for (const workload of await workloads()) figures.push(await measure(workload, sides));
    return figures;
  },
  summary: (figures) =>
    figures
      .map(({ ours, peer }, index) => `evm ${SHORT_NAMES[index]} ratio ${(ours / peer!.value).toFixed(2)}`)
      .join("\n"),
};

async function measure(workload: Workload, { small, typescript, stock, lent }: Sides): Promise<Figure> {
  const { name, envelopes } = workload;
  const buildOn = ({ executor, head, attributes }: SmallChain) => executor.build(head, attributes(envelopes));
  const executed = await buildOn(small);
  const { header, hash } = executed.block;
  const other = (await buildOn(typescript)).block.hash;
  if (other !== hash) {
    throw new CodedError("BENCH_MISMATCH", "fatal", {
      message: `${name}: our two executors make different blocks`,
      facts: { wasm: hash, ts: other },
    });
  }
  const gas = await checkSame(workload, small, stock, executed);
  const [ours, peer, withOurs, inTypescript] = (await medianSecondsInTurn(
    [
      () => buildOn(small),
      () => stock.run(header, envelopes),
      () => lent.run(header, envelopes),
      () => buildOn(typescript),
    ],
    { runs: RUNS, warmUps: WARM_UPS, clock: cpuClock },
  )) as [number, number, number, number];
  const rate = (seconds: number) => Number(gas) / seconds / 1e6;
  return {
    what: `EVM, ${name}`,
    unit: "Mgas per processor second",
    ours: rate(ours),
    peer: { name: "@ethereumjs/vm runBlock", value: rate(peer) },
    note: `runBlock with our hashes and signature recovery ${rate(withOurs).toPrecision(3)}, our executor in TypeScript ${rate(inTypescript).toPrecision(3)}`,
  };
}

/** Gas of the signed transactions. @throws CodedError `BENCH_MISMATCH` where the two sides differ. */
async function checkSame(
  { name, envelopes, compare }: Workload,
  small: SmallChain,
  stock: StockVm,
  { block, receipts, state: commit }: ExecutedBlock,
): Promise<bigint> {
  const { gasUsed } = await stock.run(block.header, envelopes);
  const ours = receipts.slice(1).map((receipt) => receipt.gasUsed);
  if (!isDeepStrictEqual(ours, gasUsed) || receipts.some(({ status }) => status !== 1)) {
    throw new CodedError("BENCH_MISMATCH", "fatal", { message: `${name}: the two sides use different gas` });
  }
  small.database.write(commit.writes);
  const state = createStateReader(small.database);
  for (const address of compare) {
    const [a, b] = [await state.account(block.header.stateRoot, address), await stock.account(address)];
    if (a !== undefined && isDeepStrictEqual({ ...a }, b)) continue;
    throw new CodedError("BENCH_MISMATCH", "fatal", {
      message: `${name}: ${address} differs`,
      facts: { ours: a, peer: b },
    });
  }
  return ours.reduce((sum, gas) => sum + gas, 0n);
}

async function deployments(): Promise<Uint8Array[]> {
  const holder = encodeAbiParameters([{ type: "address" }], [sender]);
  const length = toHex((LOOP_CODE.length - 2) / 2, { size: 1 }).slice(2);
  const creation: Hex = `0x60${length}600a5f3960${length}5ff3${LOOP_CODE.slice(2)}`;
  return [
    await signed({
      nonce: 0,
      to: null,
      gas: 5_000_000n,
      data: concatHex([ownArtifact("Open").bytecode, holder]),
    }),
    await signed({ nonce: 1, to: null, gas: 200_000n, data: creation }),
  ];
}

async function workloads(): Promise<Workload[]> {
  const recipient = (i: number): Address => `0x${(0xace0000 + i).toString(16).padStart(40, "0")}`;
  const list = (count: number, make: (i: number) => Promise<Uint8Array>) =>
    Promise.all(Array.from({ length: count }, (_, i) => make(i)));
  const transferData = (to: Address) =>
    encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, 1n] });
  return [
    {
      name: `${TOKEN_TRANSFERS} ERC-20 transfers to new holders`,
      envelopes: await list(TOKEN_TRANSFERS, (i) =>
        signed({ nonce: 2 + i, to: token, data: transferData(recipient(i)) }),
      ),
      compare: [sender, token],
    },
    {
      name: `arithmetic loop of ${ITERATIONS.toLocaleString("en-US")} rounds`,
      envelopes: [
        await signed({ nonce: 2, to: loop, gas: 30_000_000n, data: toHex(ITERATIONS, { size: 32 }) }),
      ],
      compare: [sender, loop],
    },
    {
      name: `${TRANSFERS} transfers to new accounts`,
      envelopes: await list(TRANSFERS, (i) =>
        signed({ nonce: 2 + i, to: recipient(i), value: 1n, gas: 21_000n }),
      ),
      compare: [sender, recipient(0), recipient(TRANSFERS - 1)],
    },
  ];
}
