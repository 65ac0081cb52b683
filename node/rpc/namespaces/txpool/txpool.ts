import { getAddress } from "viem";
import type { Address } from "../../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { quantity } from "../../format/quantity.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { addressParam } from "../../params.ts";
import type { RpcMethods, TxPool } from "../../types.ts";

type ByAccount = ReadonlyMap<Address, readonly SignedTransaction[]>;
type Form = (transaction: SignedTransaction) => unknown;

const asTransaction: Form = (transaction) => transactionToRpc(transaction, undefined);

/** One line, as geth's `txpool_inspect`. */
const asLine: Form = ({ to, value, gasLimit, maxFeePerGas }) =>
  `${to === undefined ? "contract creation" : getAddress(to)}: ${value} wei + ${gasLimit} gas × ${maxFeePerGas} wei`;

/** Nonces in decimal, as keys in ascending order. */
function byNonce(transactions: readonly SignedTransaction[], form: Form): Record<string, unknown> {
  return Object.fromEntries(
    transactions.map((transaction) => [String(transaction.nonce), form(transaction)]),
  );
}

function byAccount(content: ByAccount, form: Form): Record<string, unknown> {
  const accounts = [...content].map(([address, list]) => [getAddress(address), byNonce(list, form)]);
  return Object.fromEntries(accounts);
}

/** The transactions that wait, in geth's forms. */
export function txpoolMethods(pool: TxPool): RpcMethods {
  const all = (form: Form) => {
    const { pending, queued } = pool.content();
    return { pending: byAccount(pending, form), queued: byAccount(queued, form) };
  };
  return {
    txpool_status: () => {
      const { pending, queued } = pool.count();
      return { pending: quantity(pending), queued: quantity(queued) };
    },
    txpool_content: () => all(asTransaction),
    txpool_inspect: () => all(asLine),
    txpool_contentFrom: (params) => {
      const address = addressParam(params[0], 0);
      const { pending, queued } = pool.content(address);
      return {
        pending: byNonce(pending.get(address) ?? [], asTransaction),
        queued: byNonce(queued.get(address) ?? [], asTransaction),
      };
    },
  };
}
