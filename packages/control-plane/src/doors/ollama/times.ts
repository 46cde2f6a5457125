import type { AnswerEnd } from './from-engine-answer.ts';

const toNanoseconds = (ms: number) => Math.max(0, Math.round(ms * 1e6));

/** RFC 3339 with nanoseconds, as Go writes it; the clock gives milliseconds. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000000Z');
}

/** The figures of a last line. What was neither queue nor prompt nor generation counts as loading, where the engine tells these apart. */
export function toStatistics({ promptTokens, completionTokens, timings }: AnswerEnd, totalMs: number) {
  const { prompt_ms = 0, predicted_ms = 0, queue_ms = 0 } = timings ?? {};
  return {
    total_duration: toNanoseconds(totalMs),
    load_duration: timings === undefined ? 0 : toNanoseconds(totalMs - queue_ms - prompt_ms - predicted_ms),
    prompt_eval_count: promptTokens,
    prompt_eval_duration: toNanoseconds(prompt_ms),
    eval_count: completionTokens,
    eval_duration: toNanoseconds(predicted_ms),
  };
}
