import { Worker } from 'node:worker_threads';
import { ClusterError } from '@cluster-ai/contracts';
import { threadFile } from '../../../stores/thread-file.ts';
import type { Argon2Answer, Argon2Job, Argon2Request } from './argon2-worker.ts';

/** Hashes passwords one at a time. Both methods throw `too_many_requests` at once when too many wait already. */
export interface PasswordHasher extends AsyncDisposable {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
}

const MOST_WAITING = 64;
/** So many may come together on a busy morning. More than that are a flood, and then the others go first. */
const FEW_WAITING = 4;
/** In a flood the thread rests for so many times what the last hash took: low priority alone still takes memory and caches from everybody. */
const REST = 3;
const LONGEST_REST_MS = 30;
/** The thread and its memory go when nobody has signed in for this long. */
const IDLE_MS = 60_000;

interface Waiting {
  readonly job: Argon2Job;
  readonly resolve: (result: string | boolean) => void;
  readonly reject: (error: Error) => void;
}

const tooMany = () =>
  new ClusterError('too_many_requests', 'Too many people are signing in at this moment.', {
    hint: 'Try again in a few seconds.',
    retryAfterSeconds: 2,
  });

/** How long to rest after a hash that took so long, when so many still wait. */
export const restMsAfter = (tookMs: number, waiting: number): number =>
  waiting <= FEW_WAITING ? 0 : Math.min(LONGEST_REST_MS, tookMs * REST);

/** In a thread of its own, at low priority, started when the first password comes. */
export function createPasswordHasher({ mostWaiting = MOST_WAITING } = {}): PasswordHasher {
  const waiting = new Map<number, Waiting>(); // in the order in which they came; the first one is being worked on
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let rest: NodeJS.Timeout | undefined;
  let lastId = 0;
  let startedAt = 0;

  const stop = async () => {
    clearTimeout(idle);
    clearTimeout(rest);
    const stopped = worker;
    worker = undefined;
    await stopped?.terminate();
  };
  const take = (id: number) => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) idle = setTimeout(() => void stop(), IDLE_MS).unref();
    return entry;
  };
  const work = () => {
    const [next] = waiting;
    if (next === undefined) return;
    const [id, { job }] = next;
    worker ??= start();
    startedAt = performance.now();
    worker.postMessage({ id, job } satisfies Argon2Request);
  };
  const goOn = () => {
    const restMs = restMsAfter(performance.now() - startedAt, waiting.size);
    if (restMs === 0) work();
    else rest = setTimeout(work, restMs).unref();
  };
  const start = (): Worker => {
    const started = new Worker(threadFile('argon2-worker', import.meta.url), { execArgv: [] });
    started.unref(); // what waits keeps nothing alive: a stop of the process ends it
    started.on('message', (answer: Argon2Answer) => {
      const entry = take(answer.id);
      goOn();
      if ('failure' in answer) entry?.reject(new Error(`A password could not be hashed: ${answer.failure}`));
      else entry?.resolve(answer.result);
    });
    started.on('error', (cause) => {
      if (worker === started) worker = undefined;
      clearTimeout(rest);
      for (const id of [...waiting.keys()]) take(id)?.reject(new Error('The thread that hashes passwords crashed.', { cause }));
    });
    return started;
  };
  const run = (job: Argon2Job): Promise<string | boolean> => {
    if (waiting.size >= mostWaiting) throw tooMany();
    clearTimeout(idle);
    const answer = new Promise<string | boolean>((resolve, reject) => waiting.set(++lastId, { job, resolve, reject }));
    if (waiting.size === 1) work();
    return answer;
  };
  return {
    hash: async (password) => String(await run({ type: 'hash', password })),
    verify: async (hash, password) => (await run({ type: 'verify', hash, password })) === true,
    [Symbol.asyncDispose]: stop,
  };
}
