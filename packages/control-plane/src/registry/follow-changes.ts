import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database } from '../stores/database.ts';
import { readGeneration } from '../stores/generations.ts';

const LOOK_EVERY_MS = 1000;

export interface FollowDependencies {
  readonly database: Database;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Logger;
  /** Models have changed, perhaps by another control plane: nothing that is kept of any is sure to be true. */
  readonly onChange: () => void;
}

/** Notices within a second or so what other control planes on the same database change. A database in a file has no others. */
export async function followChanges({ database, clock, log, onChange }: FollowDependencies, signal: AbortSignal): Promise<void> {
  if (database.kind === 'sqlite') return;
  let known: number | undefined;
  while (!signal.aborted) {
    try {
      const now = await readGeneration(database.query, 'catalog.generation');
      if (now !== known) onChange();
      known = now;
    } catch (error) {
      log.warn({ err: error }, 'Whether models have changed could not be read');
    }
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
  }
}
