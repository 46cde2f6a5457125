import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';

/** One thing that changed something or ran a model. Names and numbers only: what was asked and answered is in no log. */
export interface Operation {
  /** The route as it is declared, `inference`, `load`, or what the cluster did by itself. */
  readonly operation: string;
  readonly model?: string | undefined;
  readonly version?: string | undefined;
  readonly user: string;
  readonly durationMs: number;
  /** What it failed with; left out when it succeeded. */
  readonly error?: unknown;
  readonly requestId?: string;
  /** More names and numbers. */
  readonly facts?: Readonly<Record<string, string | number>>;
}

const codeOf = (error: unknown) => (isClusterError(error) ? error : new ClusterError('internal', 'A stranger.')).code;

/** Writes the one line that each operation leaves: `{ timestamp, level, operation, model, version, duration_ms, user, … }`. */
export function logOperation(log: Logger, { operation, model, version, user, durationMs, error, requestId, facts = {} }: Operation): void {
  const fields = {
    operation,
    ...(model ? { model } : {}),
    ...(version ? { version } : {}),
    duration_ms: Math.round(durationMs),
    user,
    ...(requestId ? { requestId } : {}),
    ...facts,
  };
  if (error === undefined) return void log.info(fields, 'An operation was done');
  const code = codeOf(error);
  if (code === 'cancelled') log.info({ ...fields, code }, 'An operation was cancelled');
  else log.warn({ ...fields, code }, 'An operation failed');
}
