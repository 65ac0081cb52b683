/**
 * What Node is started with for `openledger node`: room for young objects, in MiB. A transaction's objects live for a block
 * or two; V8's 16 MiB are full several times in that while, and each time those that still live are copied.
 */
export const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=64", "--min-semi-space-size=64"];

/**
 * What Node is started with for an AI worker: what it answers with lives outside V8's heap, and its young objects die young. Room
 * for more of them makes nothing faster there, and once used is never given back while the worker is busy.
 */
export const WORKER_FLAGS: readonly string[] = ["--max-semi-space-size=4"];
