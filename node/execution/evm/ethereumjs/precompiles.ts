import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import {
  EVMError,
  type ExecResult,
  getActivePrecompiles,
  type PrecompileFunc,
  type PrecompileInput,
} from "@ethereumjs/evm";
import { createAddressFromString } from "@ethereumjs/util";
import { chainCrypto } from "../../../chain/crypto.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { Fork, RollupConfig } from "../../../chain/types/rollup.ts";
import { pointEvaluation } from "./point-evaluation.ts";

/** The form of @ethereumjs/evm's `customPrecompiles` option. */
export interface CustomPrecompile {
  address: ReturnType<typeof createAddressFromString>;
  function: PrecompileFunc;
}

const P256_GAS = 3450n;
const PLENTY_OF_GAS = 1_000_000n;

function precompileAddress(low: number): Address {
  return `0x${low.toString(16).padStart(40, "0")}`;
}

/** Input limits in bytes, newest fork last; more than the limit burns all gas. Specs: Granite, Isthmus, Jovian. */
const INPUT_LIMITS: readonly { low: number; limits: readonly (readonly [Fork, number])[] }[] = [
  {
    low: 0x08,
    limits: [
      ["granite", 112_687],
      ["jovian", 81_984],
    ],
  },
  {
    low: 0x0c,
    limits: [
      ["isthmus", 513_760],
      ["jovian", 288_960],
    ],
  },
  {
    low: 0x0e,
    limits: [
      ["isthmus", 488_448],
      ["jovian", 278_784],
    ],
  },
  {
    low: 0x0f,
    limits: [
      ["isthmus", 235_008],
      ["jovian", 156_672],
    ],
  },
];

const newest = new Common({ chain: Mainnet, hardfork: Hardfork.Osaka, customCrypto: chainCrypto });
const builtIns = getActivePrecompiles(newest);

function builtIn(low: number): PrecompileFunc {
  const found = builtIns.get(precompileAddress(low).slice(2));
  if (found === undefined) throw new Error(`no built-in precompile at ${low}`);
  return found;
}

function halt(gasLimit: bigint, reason: ConstructorParameters<typeof EVMError>[0]): ExecResult {
  return {
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(reason),
  };
}

function limited(low: number, limit: number): PrecompileFunc {
  const run = builtIn(low);
  return (input) => {
    if (input.data.length <= limit) return run(input);
    return halt(input.gasLimit, EVMError.errorMessages.INVALID_INPUT_LENGTH);
  };
}

/** RIP-7212: the check of EIP-7951 at its older price. */
function p256Verify(input: PrecompileInput): ExecResult | Promise<ExecResult> {
  if (input.gasLimit < P256_GAS) return halt(input.gasLimit, EVMError.errorMessages.OUT_OF_GAS);
  const finish = (result: ExecResult): ExecResult => ({ ...result, executionGasUsed: P256_GAS });
  const result = builtIn(0x100)({ ...input, gasLimit: PLENTY_OF_GAS });
  return result instanceof Promise ? result.then(finish) : finish(result);
}

/** What an L2 block at `time` changes in Ethereum's precompiles. */
export function rollupPrecompiles(config: RollupConfig, time: bigint): CustomPrecompile[] {
  const list: CustomPrecompile[] = [];
  const add = (low: number, run: PrecompileFunc) =>
    list.push({ address: createAddressFromString(precompileAddress(low)), function: run });
  for (const { low, limits } of INPUT_LIMITS) {
    const current = limits.findLast(([fork]) => isActive(config, fork, time));
    if (current !== undefined) add(low, limited(low, current[1]));
  }
  if (isActive(config, "ecotone", time)) add(0x0a, pointEvaluation);
  if (isActive(config, "fjord", time)) add(0x100, p256Verify);
  return list;
}
