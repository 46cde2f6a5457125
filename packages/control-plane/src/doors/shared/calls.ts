import { ClusterError } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** How long a closing listener waits for its streams to say that they end. */
const FAREWELL_MS = 1000;

export interface Calls {
  /** Does the work for one request. Its signal aborts when the client goes away, or when the listener closes; then its reason is thrown. */
  run<Result>(reply: FastifyReply, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
}

function onClientGone(reply: FastifyReply, tell: () => void): void {
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) tell();
  });
}

/** Keeps the calls of one door, so that nobody's answer is cut without a word when the cluster stops. */
export function trackCalls(app: FastifyInstance, clock: Clock): Calls {
  const running = new Map<AbortController, Promise<unknown>>();

  app.addHook('preClose', async () => {
    const waiting = new AbortController();
    const ends = [...running.values()];
    for (const call of running.keys())
      call.abort(new ClusterError('shutting_down', 'The cluster is stopping.', { hint: 'Send the request again once it runs.' }));
    const patience = clock.sleep(FAREWELL_MS, waiting.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(ends), patience]);
    waiting.abort();
  });

  return {
    async run(reply, work) {
      const call = new AbortController();
      onClientGone(reply, () => call.abort(new ClusterError('cancelled', 'The caller went away.')));
      const result = work(call.signal);
      running.set(call, result);
      try {
        return await result;
      } catch (error) {
        throw call.signal.aborted ? call.signal.reason : error;
      } finally {
        running.delete(call);
      }
    },
  };
}
