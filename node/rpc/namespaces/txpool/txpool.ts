import { quantity } from "../../format/quantity.ts";
import type { RpcMethods, TxPool } from "../../types.ts";

/** The transactions that wait. */
export function txpoolMethods(pool: TxPool): RpcMethods {
  return {
    txpool_status: () => {
      const { pending, queued } = pool.count();
      return { pending: quantity(pending), queued: quantity(queued) };
    },
  };
}
