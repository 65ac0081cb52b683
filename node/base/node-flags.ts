/**
 * What Node is started with for `openledger node`: room for young objects, in MiB. A transaction's objects live for a block
 * or two; V8's 16 MiB are full several times in that while, and each time those that still live are copied.
 */
export const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=64", "--min-semi-space-size=64"];
