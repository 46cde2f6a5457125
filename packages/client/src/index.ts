export { ClusterError, isClusterError } from '@cluster-ai/contracts';
export * from './cluster-client.ts';
export type { CallOptions } from './http.ts';
export * from './registry-client.ts';
export { createEventParser, readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';
