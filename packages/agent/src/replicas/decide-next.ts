import { type ClusterError, type ErrorCode, phrase, type ReasonCode, type Sentence, sentencesOf } from '@cluster-ai/contracts';
import { backoffMs } from '@cluster-ai/runtime';

/** What was tried so far. */
export interface Attempts {
  /** Tries in a row that ended badly. */
  readonly failures: number;
  /** Times that an engine process died while it loaded these very bytes. */
  readonly loadCrashes: number;
}

export type Next =
  | { readonly type: 'try-again'; readonly afterMs: number; readonly reason: ReasonCode; readonly message: Sentence }
  | { readonly type: 'give-up'; readonly reason: ReasonCode; readonly message: Sentence; readonly hint?: Sentence };

/** A replica that served this long was healthy: its next crash counts as the first. */
export const HEALTHY_AFTER_MS = 30_000;
/** A file that kills the engine twice while it loads will kill it a third time. */
export const MAX_LOAD_CRASHES = 2;
const MAX_LOAD_TIMEOUTS = 2;

/** Errors that another try with the same bytes on the same node does not change. */
const finalReasons: Partial<Record<ErrorCode, ReasonCode>> = {
  invalid_model_file: 'invalid_model_file',
  digest_mismatch: 'digest_mismatch',
  unsupported_feature: 'unsupported_model',
  not_enough_memory: 'not_enough_memory',
  blob_not_found: 'weights_missing',
};

const passingReasons: Partial<Record<ErrorCode, ReasonCode>> = {
  disk_full: 'disk_full',
  engine_timeout: 'load_timeout',
  engine_crashed: 'engine_crashed',
  node_unreachable: 'fetching_weights',
};

/** An error's words, by their codes where it has some. */
const wordsOf = ({ message, hint, said }: ClusterError) => ({
  message: said?.message.length ? said.message : message,
  ...(hint === undefined ? {} : { hint: said?.hint.length ? said.hint : hint }),
});

/** What to do when the weights could not be had or the engine did not get to its first token. Pure. */
export function decideAfterFailedStart(error: ClusterError, { failures, loadCrashes }: Attempts): Next {
  const final = finalReasons[error.code];
  if (final) return { type: 'give-up', reason: final, ...wordsOf(error) };
  if (error.code === 'engine_crashed' && loadCrashes >= MAX_LOAD_CRASHES)
    return {
      type: 'give-up',
      reason: 'invalid_model_file',
      message: [phrase('file_was_rejected', { count: loadCrashes }), ...sentencesOf(wordsOf(error).message)],
    };
  if (error.code === 'engine_timeout' && failures + 1 >= MAX_LOAD_TIMEOUTS)
    return { type: 'give-up', reason: 'load_timeout', ...wordsOf(error) };
  const reason = passingReasons[error.code] ?? 'engine_crashed';
  return { type: 'try-again', afterMs: backoffMs(failures), reason, message: wordsOf(error).message };
}

/** What to do when an engine that served ended by itself. Pure. */
export function decideAfterExit(exitMessage: Sentence, servedMs: number, { failures }: Attempts): Next & { readonly type: 'try-again' } {
  const counted = servedMs >= HEALTHY_AFTER_MS ? 0 : failures;
  return {
    type: 'try-again',
    afterMs: backoffMs(counted),
    reason: 'engine_crashed',
    message: exitMessage === '' ? phrase('reason', { reason: 'engine_crashed' }) : exitMessage,
  };
}

/** How many tries in a row have failed once this one did too. */
export function countFailures({ failures }: Attempts, servedMs: number): number {
  return servedMs >= HEALTHY_AFTER_MS ? 1 : failures + 1;
}
