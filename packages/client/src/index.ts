export { ClusterError, isClusterError } from '@cluster-ai/contracts';
export * from './cluster-client.ts';
export type * from './compute-client.ts';
export type { CallOptions } from './http.ts';
export type { MapInput, MapOptions, MapProgress } from './map/map-items.ts';
export * from './registry-client.ts';
export { createEventParser, readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';
export type * from './tasks-client.ts';
export { hasEnded, type WaitForTaskOptions } from './wait-for-task.ts';
