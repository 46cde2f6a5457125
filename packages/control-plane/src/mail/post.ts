import { ClusterError, isClusterError, toClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Act } from '../access/audit/act.ts';
import type { Query } from '../stores/database.ts';
import type { OutboxRow } from '../stores/tables.ts';
import { composeLetter } from './compose-letter.ts';
import { createOutbox, type OutboxDependencies, type PostedLetter } from './outbox.ts';
import type { SendMail } from './send-by-smtp.ts';

/** A letter that is ready to go, once what it tells of is done. */
export interface PreparedLetter {
  /** In the transaction of what it tells of: both are done, or neither, and `kill -9` loses neither. */
  store(transaction: Query): Promise<void>;
  /** After that transaction. Returns at once. */
  begin(): void;
}

/** Sends letters in the background: each is tried until it arrives, is refused for good, or its link has ended. What became of it is recorded. */
export interface Post {
  /** Not within a transaction. */
  prepare(letter: PostedLetter): Promise<PreparedLetter>;
  /** Sends what waits until the signal aborts, also what an earlier process left; the rest waits for the next start. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PostDependencies extends OutboxDependencies {
  readonly sendMail: SendMail;
  readonly acts: { run<T>(act: Act, work: () => Promise<T>): Promise<T> };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Between the tries: a server that refuses strangers at first (greylisting) wants minutes, one that starts anew seconds. */
const PAUSES_MS = [5000, 30_000, 120_000, 600_000, 1_800_000];
/** Longer than a try takes: whoever has not come back by then was killed. */
const CLAIM_MS = 60_000;
/** Also looks after this, for what another control plane left. */
const LOOK_EVERY_MS = 60_000;

const system: Act['actor'] = { kind: 'system', id: '', name: '', role: '' };

/** SMTP's 5xx, a forbidden address, a secret that is not there: trying again changes nothing. */
function isFinal(error: unknown): boolean {
  if (!isClusterError(error)) return true;
  return error.code !== 'remote_failed' || Number(error.details['status'] ?? 0) >= 500;
}

const tooLate = () => new ClusterError('remote_failed', 'The link in a mail ended before the mail could be sent.');

export function createPost({ sendMail, acts, log, ...parts }: PostDependencies): Post {
  const { clock } = parts;
  const outbox = createOutbox(parts);
  let wake = new AbortController();

  /** Why it did not arrive; `undefined` when it did. */
  async function trySending(row: OutboxRow, stop: AbortSignal): Promise<unknown> {
    if (clock.now() >= row.expires_at) return tooLate();
    try {
      const letter = await outbox.open(row);
      await sendMail(letter.to, composeLetter(letter), stop);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async function giveUp(row: OutboxRow, act: Act, failure: unknown): Promise<void> {
    const fails = acts.run(act, () => Promise.reject(failure));
    await fails.catch((error: unknown) => log.error({ err: error, letter: row.kind, target: row.target }, 'A mail was not sent'));
    await outbox.remove(row);
  }

  async function conclude(row: OutboxRow, failure: unknown): Promise<void> {
    const act: Act = { actor: system, address: '', action: `mail ${row.kind}`, requestId: '', target: row.target };
    if (failure === undefined) await acts.run(act, () => outbox.remove(row));
    else await giveUp(row, act, failure);
  }

  async function attempt(row: OutboxRow, stop: AbortSignal): Promise<void> {
    if (!(await outbox.claim(row, clock.now() + CLAIM_MS))) return;
    if (!(await outbox.isWanted(row))) return outbox.remove(row);
    const failure = await trySending(row, stop);
    if (failure !== undefined && stop.aborted) return void (await outbox.postpone(row, clock.now())); // the next start goes on at once
    const pauseMs = PAUSES_MS[Math.min(row.tries, PAUSES_MS.length - 1)] ?? 0;
    if (failure === undefined || isFinal(failure) || clock.now() + pauseMs >= row.expires_at) return conclude(row, failure);
    const { kind: letter, target } = row;
    const { message: reason } = toClusterError(failure);
    log.warn({ letter, target, tries: row.tries + 1, nextMs: pauseMs, reason }, 'A mail is tried again later');
    await outbox.postpone(row, clock.now() + pauseMs);
  }

  /** How long nothing is to be done. */
  async function sendDue(stop: AbortSignal): Promise<number> {
    const due = await outbox.listDue();
    await Promise.all(due.map((row) => attempt(row, stop)));
    const nextAt = await outbox.nextAt();
    return nextAt === undefined ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, Math.max(0, nextAt - clock.now()));
  }

  return {
    async prepare(letter) {
      const row = await outbox.prepare(letter);
      return { store: (transaction) => outbox.store(transaction, row), begin: () => wake.abort() };
    },
    async run(signal) {
      while (!signal.aborted) {
        wake = new AbortController(); // before looking, so that what comes meanwhile is not missed
        const pauseMs = await sendDue(signal).catch((error: unknown) => {
          log.error({ err: error }, 'The mails that wait could not be looked at');
          return LOOK_EVERY_MS;
        });
        if (pauseMs > 0) await clock.sleep(pauseMs, AbortSignal.any([signal, wake.signal])).catch(() => {});
      }
    },
  };
}
