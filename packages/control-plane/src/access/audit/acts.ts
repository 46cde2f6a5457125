import { isClusterError, toClusterError } from '@cluster-ai/contracts';
import { type Clock, type Logger, systemClock } from '@cluster-ai/runtime';
import { logOperation } from '../../observability/operation-log.ts';
import { type Act, type OpenAct, openAct, withinAct } from './act.ts';
import type { Audit } from './audit.ts';

export interface Acts {
  /**
   * Runs the work as an act. Its entry is written with the first transaction that the work commits, or, where there was none, afterwards. Work
   * that throws is written down as failed, or, when it was not allowed, as denied. When the entry cannot be written, the act fails.
   */
  run<T>(act: Act, work: () => Promise<T>): Promise<T>;
}

export const isDenial = (error: unknown): boolean => isClusterError(error) && (error.status === 401 || error.status === 403);

/**
 * Nobody knows who it is: a request of a public route, a machine that has not joined. Whatever it fails with, and as often as it likes, must
 * not be an entry each time; and what it did not change is none.
 */
const isStranger = ({ actor: { id, kind } }: Act): boolean => id === '' && kind !== 'system';

export interface ActsDependencies {
  readonly audit: Pick<Audit, 'record' | 'denied'>;
  readonly log: Logger;
  readonly clock?: Pick<Clock, 'monotonic'>;
}

export function createActs({ audit, log, clock = systemClock }: ActsDependencies): Acts {
  const record = ({ act, target, details }: OpenAct, result: 'ok' | 'failed', more: Readonly<Record<string, unknown>> = {}) =>
    audit.record({ ...act, target, result, details: { ...details, ...more } });

  async function recordFailure(open: OpenAct, error: unknown): Promise<void> {
    const { code } = toClusterError(error);
    const { actor, address, action, requestId, target } = open.act;
    const attempt = { actor, address, action, requestId, code };
    if (isStranger(open.act) && toClusterError(error).status < 500) return audit.denied({ ...attempt, tried: target });
    if (isDenial(error)) return audit.denied(attempt);
    await record(open, 'failed', { code }).catch((failure: unknown) => {
      log.error({ err: failure, action: open.act.action, code }, 'A failed act could not be written to the audit record');
    });
  }

  async function conclude(open: OpenAct): Promise<void> {
    if (open.state === 'written' && !open.hasMore) return;
    if (open.state !== 'written' && isStranger(open.act)) return;
    await record(open, 'ok');
    open.state = 'written';
  }

  /** Strangers' failures are counted in the record; a line of each would let them fill the log. */
  function logEnd({ act, target, model }: OpenAct, startedAt: number, error?: unknown): void {
    if (error !== undefined && isStranger(act)) return;
    const { actor, action, requestId } = act;
    logOperation(log, {
      operation: action,
      model: model?.name,
      version: model?.version,
      user: actor.name || actor.kind,
      durationMs: clock.monotonic() - startedAt,
      error,
      requestId,
      facts: { target },
    });
  }

  return {
    async run(act, work) {
      const open = openAct(act);
      const startedAt = clock.monotonic();
      try {
        const result = await withinAct(open, work);
        await conclude(open);
        logEnd(open, startedAt);
        return result;
      } catch (error) {
        logEnd(open, startedAt, error);
        await recordFailure(open, error);
        throw error;
      } finally {
        open.state = 'closed';
      }
    },
  };
}
