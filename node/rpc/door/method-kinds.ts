/** What the door knows of methods by their names. */

/** Namespaces whose methods answer from what the chain's thread has at hand. */
const QUICK = /^(?:erigon|eth|net|web3|txpool|optimism|rpc)_/;

/** Methods of these namespaces that run in other threads or over many blocks. */
const LONG = new Set([
  "eth_call",
  "eth_createAccessList",
  "eth_estimateGas",
  "eth_getFilterLogs",
  "eth_getLogs",
  "eth_sendRawTransactionSync",
  "eth_simulateV1",
]);

/** Methods whose parameters may be as large as a request. */
const LARGE =
  /^(?:eth_(?:call|estimateGas|createAccessList|simulateV1|sendRawTransaction(?:Sync)?)|debug_traceCall|openledger_.*)$/;

/** Whether calls of the method may be under way for seconds. */
export function runsLong(method: string): boolean {
  return LONG.has(method) || !QUICK.test(method);
}

/** Whether its parameters may be longer than `maxParamsBytes`. */
export function takesLargeParams(method: string): boolean {
  return LARGE.test(method);
}
