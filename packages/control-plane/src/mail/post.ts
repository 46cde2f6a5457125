import { ClusterError, isClusterError, toClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Act } from '../access/audit/act.ts';
import { composeLetter, type Letter } from './compose-letter.ts';
import type { SendMail } from './send-by-smtp.ts';

/** A letter, and whom the audit record names as the one that it is about. Addresses are in no record: they could not be forgotten. */
export interface PostedLetter extends Letter {
  readonly target: string;
}

/** Sends letters in the background. Disposing gives up what could not be sent until then, and says so. */
export interface Post extends AsyncDisposable {
  /** Returns at once: the letter is tried until it arrives, is refused for good, or its link has ended. What became of it is recorded. */
  send(letter: PostedLetter): void;
}

export interface PostDependencies {
  readonly sendMail: SendMail;
  readonly acts: { run<T>(act: Act, work: () => Promise<T>): Promise<T> };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Between the tries: a server that refuses strangers at first (greylisting) wants minutes, one that starts anew seconds. */
const PAUSES_MS = [5000, 30_000, 120_000, 600_000, 1_800_000];
const MOST_WAITING = 200;

const system: Act['actor'] = { kind: 'system', id: '', name: '', role: '' };

/** SMTP's 5xx, a forbidden address, a secret that is not there: trying again changes nothing. */
function isFinal(error: unknown): boolean {
  if (!isClusterError(error)) return true;
  return error.code !== 'remote_failed' || Number(error.details['status'] ?? 0) >= 500;
}

const stoppedBefore = (cause: unknown) =>
  new ClusterError('shutting_down', 'The control plane stopped before the mail could be sent.', { cause });

export function createPost({ sendMail, acts, clock, log }: PostDependencies): Post {
  const stop = new AbortController();
  const under = new Set<Promise<void>>();

  async function deliver(letter: PostedLetter): Promise<void> {
    const composed = composeLetter(letter);
    for (let tries = 0; ; tries++) {
      try {
        return await sendMail(letter.to, composed, stop.signal);
      } catch (error) {
        const pauseMs = PAUSES_MS[tries];
        if (stop.signal.aborted) throw stoppedBefore(error);
        if (isFinal(error) || pauseMs === undefined || clock.now() + pauseMs >= letter.expiresAtMs) throw error;
        const { message } = toClusterError(error);
        log.warn(
          { letter: letter.kind, target: letter.target, tries: tries + 1, nextMs: pauseMs, reason: message },
          'A mail is tried again later',
        );
        await clock.sleep(pauseMs, stop.signal).catch(() => {
          throw stoppedBefore(error);
        });
      }
    }
  }

  function begin(letter: PostedLetter): Promise<void> {
    const act: Act = { actor: system, address: '', action: `mail ${letter.kind}`, requestId: '', target: letter.target };
    return acts
      .run(act, () => deliver(letter))
      .catch((error: unknown) => {
        log.error({ err: error, letter: letter.kind, target: letter.target }, 'A mail was not sent');
      });
  }

  return {
    send(letter) {
      if (under.size >= MOST_WAITING)
        return log.error({ letter: letter.kind, target: letter.target }, 'A mail was not sent: too many wait');
      const work = begin(letter).finally(() => under.delete(work));
      under.add(work);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(under);
    },
  };
}
