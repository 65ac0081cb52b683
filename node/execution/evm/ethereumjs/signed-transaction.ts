import { Account, type Address, createAddressFromString } from "@ethereumjs/util";
import { MAX_UINT64 } from "../../../base/bigint.ts";
import { BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT } from "../../../chain/constants.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { floorGas, gasSubjectOf, intrinsicGas, isInitcodeTooLong } from "../../../chain/rules/gas.ts";
import { l1Cost, operatorFee } from "../../../chain/rules/rollup-fees.ts";
import { isDelegation } from "../block/authorization.ts";
import { readFeeContext } from "../block/fee-context.ts";
import { feeReceipt } from "../block/fee-receipt.ts";
import type { Refusal, SignedResult, SignedTx } from "../block/machine.ts";
import { creationAddress, type TxOutcome } from "../block/outcome.ts";
import { type Prices, prices } from "../block/prices.ts";
import { applyAuthorizations } from "./authorization.ts";
import { type BlockEnv, credit } from "./block-env.ts";
import { accessItems, runMessage, warmUp } from "./message.ts";

function refuse(reason: string, later = false): Refusal {
  return { reason, later };
}

/** Checks that need no state. */
function checkStateless(env: BlockEnv, signed: SignedTx, fees: Prices): Refusal | undefined {
  const subject = gasSubjectOf(signed);
  if (signed.type === 4 && !isActive(env.rollup, "isthmus", env.block.header.timestamp)) {
    return refuse("transaction type 4 is not active yet", true);
  }
  if (fees.feeCap < fees.tipCap) return refuse("max priority fee per gas higher than max fee per gas");
  if (fees.feeCap < env.block.header.baseFeePerGas) {
    return refuse("max fee per gas less than block base fee", true);
  }
  const needed = intrinsicGas(subject, env.rollup, env.block.header.timestamp);
  if (signed.gasLimit < needed)
    return refuse(`intrinsic gas too low: have ${signed.gasLimit}, want ${needed}`);
  const floor = floorGas(signed.data, env.rollup, env.block.header.timestamp);
  if (signed.gasLimit < floor)
    return refuse(`gas below the calldata floor: have ${signed.gasLimit}, want ${floor}`);
  if (isInitcodeTooLong(subject, env.rollup, env.block.header.timestamp))
    return refuse("max initcode size exceeded");
  return undefined;
}

/** Checks against the sender's account. */
async function checkSender(
  env: BlockEnv,
  signed: SignedTx,
  account: Account | undefined,
  from: Address,
  cost: bigint,
): Promise<Refusal | undefined> {
  const nonce = account?.nonce ?? 0n;
  if (signed.nonce < nonce) return refuse(`nonce too low: next nonce ${nonce}, tx nonce ${signed.nonce}`);
  if (signed.nonce > nonce)
    return refuse(`nonce too high: next nonce ${nonce}, tx nonce ${signed.nonce}`, true);
  if (nonce === MAX_UINT64) return refuse("nonce has max value");
  const code = await env.state.getCode(from);
  if (code.length > 0 && !isDelegation(code)) return refuse("sender not an eoa");
  const balance = account?.balance ?? 0n;
  if (balance < cost) {
    return refuse(`insufficient funds for gas * price + value: have ${balance}, want ${cost}`);
  }
  return undefined;
}

/** Takes the fees up front and steps the nonce. */
async function charge(env: BlockEnv, from: Address, account: Account, amount: bigint): Promise<void> {
  account.balance -= amount;
  account.nonce += 1n;
  await env.evm.journal.putAccount(from, account);
}

interface Settlement {
  from: Address;
  gasLimit: bigint;
  gasUsed: bigint;
  prices: Prices;
  l1Fee: bigint;
}

/** Pays the sender back and the vaults, in op-geth's order. */
async function settle(env: BlockEnv, settlement: Settlement): Promise<void> {
  const { evm, rollup, block } = env;
  const { timestamp, baseFeePerGas, coinbase } = block.header;
  const { gasLimit, gasUsed, prices: fees } = settlement;
  const operator = (gas: bigint) => operatorFee(rollup, timestamp, env.fees!, gas);
  const refund = (gasLimit - gasUsed) * fees.effective + operator(gasLimit) - operator(gasUsed);
  await credit(evm, settlement.from.toString(), refund);
  await credit(evm, coinbase.toString(), (fees.effective - baseFeePerGas) * gasUsed);
  await credit(evm, BASE_FEE_VAULT, baseFeePerGas * gasUsed);
  await credit(evm, L1_FEE_VAULT, settlement.l1Fee);
  if (isActive(rollup, "isthmus", timestamp)) await credit(evm, OPERATOR_FEE_VAULT, operator(gasUsed));
}

/**
 * Executes a signed transaction, or says why it can't be in this block (then the state is untouched).
 * `daScalar` is the block's DA footprint gas scalar, Jovian on.
 */
export async function executeSigned(
  env: BlockEnv,
  signed: SignedTx,
  daScalar: bigint | undefined,
): Promise<SignedResult> {
  const { evm, rollup, block } = env;
  const { timestamp, baseFeePerGas } = block.header;
  const fees = prices(signed, baseFeePerGas);
  const stateless = checkStateless(env, signed, fees);
  if (stateless !== undefined) return { refused: stateless };
  env.fees ??= readFeeContext((account, slot) => env.state.storage(account, slot), rollup, timestamp);
  const l1 = l1Cost(rollup, timestamp, env.fees, signed);
  const operator = operatorFee(rollup, timestamp, env.fees, signed.gasLimit);
  const from = createAddressFromString(signed.from);
  const account = await env.state.getAccount(from);
  const maxCost = signed.gasLimit * fees.feeCap + signed.value + l1.fee + operator;
  const refused = await checkSender(env, signed, account, from, maxCost);
  if (refused !== undefined) return { refused };
  const upFront = signed.gasLimit * fees.effective + l1.fee + operator;
  await charge(env, from, account ?? new Account(), upFront);
  const refund = await applyAuthorizations(evm, rollup.l2ChainId, signed.authorizationList);
  const to = signed.to === undefined ? undefined : createAddressFromString(signed.to);
  warmUp(evm, block, from, to, accessItems(signed.accessList));
  const result = await runMessage(evm, block, {
    from,
    to,
    value: signed.value,
    data: signed.data,
    gasLimit: signed.gasLimit,
    gasPrice: fees.effective,
    intrinsic: intrinsicGas(gasSubjectOf(signed), rollup, timestamp),
    floor: floorGas(signed.data, rollup, timestamp),
    refund,
  });
  await settle(env, {
    from,
    gasLimit: signed.gasLimit,
    gasUsed: result.gasUsed,
    prices: fees,
    l1Fee: l1.fee,
  });
  await evm.journal.cleanup();
  evm.stateManager.originalStorageCache.clear();
  const outcome: TxOutcome = {
    type: signed.type,
    status: result.succeeded ? 1 : 0,
    gasUsed: result.gasUsed,
    logs: result.logs,
    effectiveGasPrice: fees.effective,
    contractAddress: signed.to === undefined ? creationAddress(signed.from, signed.nonce) : undefined,
    depositNonce: undefined,
    depositReceiptVersion: undefined,
    l1: feeReceipt({ rollup, time: timestamp, fees: env.fees, transaction: signed, cost: l1, daScalar }),
  };
  return { outcome };
}
