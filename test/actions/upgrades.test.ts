import { describe, expect, it } from "vitest";
import { decodeDeposit } from "../../node/chain/codec/deposit.ts";
import { CREATE2_DEPLOYER, L1_ATTRIBUTES_DEPOSITOR } from "../../node/chain/constants.ts";
import { decodeL1BlockInfo, l1AttributesLayout } from "../../node/chain/l1-attributes.ts";
import type { Block } from "../../node/chain/types/block.ts";
import {
  BATCHER,
  type ForkTimes,
  forksUpTo,
  GENESIS_TIME,
  PORTAL,
  testGenesis,
  transfer,
  users,
} from "./chain-fixture.ts";
import { frames, singularBatch, zlibChannel } from "./channels.ts";
import { createMemoryNode } from "./memory-node.ts";
import { depositLog } from "./miner.ts";
import { Sequencer } from "./sequencer.ts";
import { createWorld, type World } from "./world.ts";

/** Time of the L2 block of that number. */
const at = (number: number) => GENESIS_TIME + 2n * BigInt(number);

function worldOf(forkTimes: ForkTimes): World {
  const world = createWorld(100n, {}, () => false, forkTimes);
  world.miner.mineMany(3);
  return world;
}

function depositsOf(block: Block) {
  return block.transactions.map(({ raw }) => decodeDeposit(raw));
}

describe("a fork's activation block", () => {
  it("holds the upgrade transactions of all forks that it activates, oldest first, after the users' deposits", async () => {
    const world = worldOf({ ...forksUpTo("delta"), ecotone: at(3), fjord: at(3) });
    world.miner.log(depositLog(BATCHER, PORTAL, 5n));
    const { miner, sequencer } = world;
    // Block 3 opens an epoch: L1 blocks come every three L2 blocks.
    miner.reorgTo(0n);
    miner.mine();
    await sequencer.buildMany(4);
    const counts = [1, 2, 3, 4].map((number) => sequencer.at(number)!.transactions.length);
    expect(counts).toEqual([1, 1, 1 + 1 + 6 + 3, 1]);
    const [attributes, own, ...upgrades] = depositsOf(sequencer.at(3)!);
    expect(own).toMatchObject({ from: BATCHER, to: PORTAL });
    expect(upgrades.map(({ gas }) => Number(gas))).toEqual([
      ...[375_000, 1_000_000, 50_000, 50_000, 80_000, 250_000],
      ...[1_450_000, 50_000, 90_000],
    ]);
    // The old layout once more: what reads the new one is deployed after it.
    expect(decodeL1BlockInfo(attributes!.data).overhead).toBe(0n);
    const { rollup } = world;
    expect([2, 3, 4].map((number) => l1AttributesLayout(rollup, at(number)))).toEqual([
      ...["bedrock", "bedrock", "ecotone"],
    ]);
    expect(attributes).toMatchObject({ from: L1_ATTRIBUTES_DEPOSITOR, gas: 1_000_000n, isSystemTx: false });
  });

  it("has none where the fork is there at genesis, nor for forks that bring none", async () => {
    const world = worldOf({ ...forksUpTo("fjord"), granite: at(2), holocene: at(3) });
    await world.sequencer.buildMany(4);
    expect(world.sequencer.at(1)!.transactions).toHaveLength(1);
    expect(world.sequencer.at(2)!.transactions).toHaveLength(1);
    expect(world.sequencer.at(3)!.transactions).toHaveLength(1);
  });

  it("of Jovian takes no transactions of a batch", async () => {
    const world = worldOf({ ...forksUpTo("isthmus"), jovian: at(2) });
    const { miner, sequencer, verifier } = world;
    await sequencer.buildMany(2);
    const [one, two] = [1, 2].map((number) => singularBatch(world, number));
    const eager = { ...two!, transactions: [await transfer(users[0]!, 0)] };
    miner.include(frames(zlibChannel(one!, eager), 1, 1)[0]!);
    miner.mine();
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(1n);
    expect(verifier.notes.map(({ reason }) => reason)).toEqual([
      "it has transactions in Jovian's first block",
    ]);
    miner.include(frames(zlibChannel(two!), 1, 2)[0]!);
    miner.mine();
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.at(2)!.hash);
    expect(verifier.safe.block.transactions).toHaveLength(1 + 5);
  });
});

describe("create2Deployer", () => {
  /** The account after blocks 1 to 4, of a chain on which Canyon comes at that time; it had 5 wei before. */
  async function accounts(canyon: bigint) {
    const world = worldOf({ regolith: 0n, canyon });
    const { miner, rollup } = world;
    miner.reorgTo(0n);
    miner.log(depositLog(BATCHER, CREATE2_DEPLOYER, 5n));
    miner.mine();
    const node = createMemoryNode(testGenesis({ regolith: 0n, canyon }), rollup);
    const l1Chain = { chainId: 900n, blobSchedule: [] };
    const sequencer = new Sequencer({ rollup, l1Chain, genesis: node.genesis, build: node.build, miner });
    const found = [];
    for (let i = 0; i < 4; i++) {
      const { stateRoot } = (await sequencer.build()).header;
      const account = await node.state.account(stateRoot, CREATE2_DEPLOYER);
      const code = await node.state.code(stateRoot, CREATE2_DEPLOYER);
      found.push({ bytes: code.length, balance: account?.balance, nonce: account?.nonce });
    }
    return found;
  }

  it("gets its code in the block whose time is Canyon's, and keeps what it has", async () => {
    expect(await accounts(at(4))).toEqual([
      { bytes: 0, balance: undefined, nonce: undefined },
      { bytes: 0, balance: undefined, nonce: undefined },
      { bytes: 0, balance: 5n, nonce: 0n },
      { bytes: 1_584, balance: 5n, nonce: 0n },
    ]);
    expect((await accounts(at(2)))[1]).toEqual({ bytes: 1_584, balance: 0n, nonce: 0n });
  });

  it("gets none where Canyon's time is no block's, as in op-geth", async () => {
    expect((await accounts(at(2) + 1n)).map(({ bytes }) => bytes)).toEqual([0, 0, 0, 0]);
  });
});
