import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Registry } from '../../registry/registry.ts';

/** What an inference door stands on. */
export interface DoorDeps {
  readonly gateway: Gateway;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}
