/** Bounds of one body of requests. */
export interface BodyLimits {
  /** Lists and objects inside each other. */
  maxDepth: number;
  /** Requests in one batch. */
  maxBatch: number;
  /** Bytes of one answer, and of all answers of a batch together. */
  maxResponseBytes: number;
  /** Of a batch, in ms from its arrival: what has not begun by then is answered with an error. */
  maxBatchMs: number;
}

/** Bounds of everything that a stranger can make the door do. Times in ms. */
export interface DoorLimits extends BodyLimits {
  /** Bytes of one request. */
  maxRequestBytes: number;
  /** Of parameters, but for methods that take large ones. */
  maxParamsBytes: number;
  /** Bytes of all requests that are being read and of all answers that are not sent yet. */
  maxHeldBytes: number;
  /** HTTP and WebSocket connections together; a new one takes the place of the one that was idle for longest. */
  maxConnections: number;
  /** The same of one IPv4 address or one IPv6 network of 64 bits. */
  maxConnectionsPerAddress: number;
  /** Requests of one WebSocket that wait; beyond it the socket is not read. */
  maxSocketQueue: number;
  /** Bytes that one WebSocket may leave unread. */
  maxSocketBytes: number;
  /** Calls that the chain's thread has at once. */
  maxCalls: number;
  /** Those of them that run for long: calls, logs, traces, services. */
  maxLongCalls: number;
  /** Calls of one client that wait for their turn. */
  maxWaitingPerClient: number;
  /** How long one call may wait for its turn. */
  maxWaitMs: number;
  /** After this a call is answered with an error. */
  callMs: number;
  /** From a connection's first byte to the end of a request's head. */
  headMs: number;
  /** To the end of its body. */
  bodyMs: number;
  /** For the client to take an answer. */
  sendMs: number;
  /** Of an idle kept connection; as in geth. A busy client would meet closed connections with a short one. */
  idleMs: number;
  /** Between two pings of a WebSocket; one that has not answered by the next is dropped. */
  pingMs: number;
  /** For the chain's thread to answer a GET. */
  pageMs: number;
}

export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  maxDepth: 64,
  maxBatch: 1000,
  maxResponseBytes: 64 * 1024 * 1024,
  maxBatchMs: 30_000,
  maxRequestBytes: 5 * 1024 * 1024,
  maxParamsBytes: 256 * 1024,
  maxHeldBytes: 256 * 1024 * 1024,
  maxConnections: 1024,
  maxConnectionsPerAddress: 512,
  maxSocketQueue: 64,
  maxSocketBytes: 16 * 1024 * 1024,
  maxCalls: 1024,
  maxLongCalls: 256,
  maxWaitingPerClient: 512,
  maxWaitMs: 15_000,
  callMs: 120_000,
  headMs: 10_000,
  bodyMs: 30_000,
  sendMs: 30_000,
  idleMs: 120_000,
  pingMs: 30_000,
  pageMs: 1_000,
};
