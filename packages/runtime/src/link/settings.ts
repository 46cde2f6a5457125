import type { ClientSessionOptions, ServerSessionOptions } from 'node:http2';

/** The name in the server certificate of the link port. Agents check it instead of an address, which may change. */
export const linkServerName = 'link.cluster-ai.internal';

const mebibyte = 1024 * 1024;

/**
 * HTTP/2 on `cai-link`, for both ends. The defaults are made for strangers on the internet: they end a session after some 1 000 quick
 * cancels and refuse streams once 10 MB are queued. Both ends are ours here, and bytes in flight are capped by `createByteBudget`.
 */
export const linkSession = {
  maxSessionMemory: 512,
  peerMaxConcurrentStreams: 10_000,
  settings: { enablePush: false, initialWindowSize: mebibyte / 4, maxConcurrentStreams: 10_000 },
} as const satisfies ClientSessionOptions;

/** What the serving end of the link needs beyond `linkSession`. */
export const linkServerSession = {
  ...linkSession,
  streamResetBurst: 1_000_000,
  streamResetRate: 1_000_000,
} as const satisfies ServerSessionOptions;

/**
 * The connection's own window, which HTTP/2 leaves at 64 KB whatever the settings say; each end sets it for what it receives. Not more than a slow
 * network carries in two seconds: what has been sent stands before the next heartbeat.
 */
export const linkWindowBytes = mebibyte / 2;

/** Of the connection and of each stream: what a fast network with a long way carries until it hears of us. */
export const blobWindowBytes = 8 * mebibyte;

/** Weights: few streams, wide windows. */
export const blobSession = {
  maxSessionMemory: 128,
  settings: { enablePush: false, initialWindowSize: blobWindowBytes, maxConcurrentStreams: 16 },
} as const satisfies ClientSessionOptions;

/** Strangers that want to join: one small exchange. */
export const joinSession = {
  maxSessionMemory: 1,
  settings: { enablePush: false, maxConcurrentStreams: 4, maxHeaderListSize: 8192 },
} as const satisfies ClientSessionOptions;
