export { ClusterError, isClusterError } from '@cluster-ai/contracts';
export * from './cluster-client.ts';
export type { CallOptions, RefusedCall } from './http.ts';
export { createEventParser, readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';
