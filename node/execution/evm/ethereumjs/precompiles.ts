import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { EVMError, type ExecResult, getActivePrecompiles, type PrecompileFunc } from "@ethereumjs/evm";
import { createAddressFromString } from "@ethereumjs/util";
import { p256VerifyGas, precompileInputLimits } from "../../../chain/rules/chain-spec.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { chainCrypto } from "./crypto.ts";
import { pointEvaluation } from "./point-evaluation.ts";

/** The form of @ethereumjs/evm's `customPrecompiles` option. */
export interface CustomPrecompile {
  address: ReturnType<typeof createAddressFromString>;
  function: PrecompileFunc;
}

const POINT_EVALUATION: Address = `0x${"0a".padStart(40, "0")}`;
const P256_VERIFY: Address = `0x${"100".padStart(40, "0")}`;
const PLENTY_OF_GAS = 1_000_000n;

const newest = new Common({ chain: Mainnet, hardfork: Hardfork.Osaka, customCrypto: chainCrypto });
const builtIns = getActivePrecompiles(newest);

function builtIn(address: Address): PrecompileFunc {
  const found = builtIns.get(address.slice(2));
  if (found === undefined) throw new Error(`no built-in precompile at ${address}`);
  return found;
}

function halt(gasLimit: bigint, reason: ConstructorParameters<typeof EVMError>[0]): ExecResult {
  return {
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(reason),
  };
}

function limited(address: Address, limit: number): PrecompileFunc {
  const run = builtIn(address);
  return (input) => {
    if (input.data.length <= limit) return run(input);
    return halt(input.gasLimit, EVMError.errorMessages.INVALID_INPUT_LENGTH);
  };
}

/** RIP-7212: the check of EIP-7951 at its older price. */
function p256Verify(gas: bigint): PrecompileFunc {
  const run = builtIn(P256_VERIFY);
  return (input) => {
    if (input.gasLimit < gas) return halt(input.gasLimit, EVMError.errorMessages.OUT_OF_GAS);
    const finish = (result: ExecResult): ExecResult => ({ ...result, executionGasUsed: gas });
    const result = run({ ...input, gasLimit: PLENTY_OF_GAS });
    return result instanceof Promise ? result.then(finish) : finish(result);
  };
}

/** What an L2 block at `time` changes in Ethereum's precompiles. */
export function rollupPrecompiles(config: RollupConfig, time: bigint): CustomPrecompile[] {
  const list: CustomPrecompile[] = [];
  const add = (address: Address, run: PrecompileFunc) =>
    list.push({ address: createAddressFromString(address), function: run });
  for (const [address, limit] of precompileInputLimits(config, time)) add(address, limited(address, limit));
  if (isActive(config, "ecotone", time)) add(POINT_EVALUATION, pointEvaluation);
  const p256Gas = p256VerifyGas(config, time);
  if (p256Gas !== undefined) add(P256_VERIFY, p256Verify(p256Gas));
  return list;
}
