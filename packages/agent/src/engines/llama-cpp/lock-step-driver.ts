import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import { awaitsCompany } from './await-company.ts';
import { chooseReaders } from './choose-readers.ts';
import { chooseSlot, commonPrefixLength } from './choose-slot.ts';
import type { BatchItem, Decoder, Sampled, Sampler } from './decoder.ts';
import { createGroupCosts, planGroups } from './plan-groups.ts';
import { createPrefillPace, limitAloneMs, limitBesideAnswersMs } from './prefill-pace.ts';
import type { SamplingSettings } from './sampling.ts';

/** One sequence to be generated. The callbacks must be quick, and they never wait: what a decode brought is taken only after them. */
export interface Job {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly sampling: SamplingSettings;
  /** Whether a slot that remembers the beginning of the prompt may be used as it is. */
  readonly mayReusePrefix: boolean;
  readonly signal: AbortSignal;
  /**
   * Each token but the one that ends the answer. Says whether to go on. All but the last are told while the next one is being computed, so a token
   * more than was told may have been evaluated.
   */
  readonly onToken: (sampled: Sampled) => 'more' | 'stop';
  /** While true the job rests, since its reader is too slow; its slot stays its own. */
  readonly isBlocked: () => boolean;
}

export interface JobResult {
  /** `stop`: the model ended, or `onToken` said so. `length`: the limit or the end of the context was reached. */
  readonly reason: 'stop' | 'length';
  readonly generatedTokens: number;
  readonly cachedTokens: number;
  readonly queueMs: number;
  readonly promptMs: number;
  readonly generationMs: number;
  readonly firstTokenMs: number | null;
}

export interface DriverStats {
  readonly busySlots: number;
  readonly queued: number;
  /** Since the driver began. */
  readonly generatedTokens: number;
  /** How long the computation that runs now, a decode or the sampling after it, has been running; 0 when none does. */
  readonly computingMs: number;
}

export interface LockStepDriver extends AsyncDisposable {
  /** Rejects with ClusterError `overloaded`, `engine_error`, `shutting_down`, or with the signal's reason. */
  run(job: Job): Promise<JobResult>;
  stats(): DriverStats;
}

interface Slot {
  readonly id: number;
  /** What the runtime's cache holds for this slot. */
  tokens: number[];
  lastUse: number;
  row: Row | undefined;
}

interface Waiting {
  readonly job: Job;
  readonly arrivedAt: number;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Row extends Waiting {
  readonly slot: Slot;
  readonly sampler: Sampler;
  readonly admittedAt: number;
  readonly cachedTokens: number;
  /** The sampled token that is evaluated next; undefined while the prompt is being read. */
  next: number | undefined;
  generated: number;
  /** Counts the pieces of prompts: grows with each that is read. */
  lastRead: number;
  firstTokenAt: number | undefined;
  /** Its job has ended while a decode for it was running: the slot is free when that is over. */
  isOver: boolean;
}

const blockedPollMs = 5;
/** Requests that are sent at once come a little apart; whoever wakes the driver waits this long for the next, and again while more come. */
const gatherMs = 2;
const longestGatherMs = 10;

export interface DriverOptions {
  readonly decoder: Decoder;
  readonly clock: Clock;
  readonly maxQueued?: number;
}

/**
 * Runs all generations in lock step: one decode for all that generate, then one bounded batch of prompt tokens, then again. Nothing
 * is queued between two steps, so that arrivals, aborts and finished rows take effect at each step (see design.md for the measured why).
 */
export function createLockStepDriver({ decoder, clock, maxQueued = 256 }: DriverOptions): LockStepDriver {
  const slots: Slot[] = Array.from({ length: decoder.slots }, (_, id) => ({ id, tokens: [], lastUse: 0, row: undefined }));
  const waiting: Waiting[] = [];
  const costs = createGroupCosts();
  const pace = createPrefillPace(decoder.batchSize);
  let uses = 0;
  let reads = 0;
  let generatedTokens = 0;
  let computingSince: number | undefined;
  let isClosed = false;
  let wake: () => void = () => {};
  /** What can be done while the next decode runs, and would keep the runtime waiting otherwise. */
  let meanwhile: (() => void)[] = [];
  /** Rows of the decode that runs now. */
  let computing: readonly Row[] = [];

  const rows = () => slots.flatMap(({ row }) => (row ? [row] : []));
  const generating = () => rows().filter(({ next }) => next !== undefined);
  const prefilling = () => rows().filter(({ next }) => next === undefined);

  /** Frees the slot, unless the runtime still works for it: then that is done after the decode. */
  function release(row: Row) {
    row.isOver = true;
    if (computing.includes(row)) return;
    row.slot.row = undefined;
    row.sampler.dispose();
  }

  function doMeanwhile() {
    const work = meanwhile;
    meanwhile = [];
    for (const task of work) task();
  }

  function fail(row: Row, error: unknown) {
    release(row);
    row.reject(error);
  }

  function finish(row: Row, reason: JobResult['reason']) {
    release(row);
    const now = clock.monotonic();
    const firstTokenAt = row.firstTokenAt ?? now;
    row.resolve({
      reason,
      generatedTokens: row.generated,
      cachedTokens: row.cachedTokens,
      queueMs: row.admittedAt - row.arrivedAt,
      promptMs: firstTokenAt - row.admittedAt,
      generationMs: now - firstTokenAt,
      firstTokenMs: row.firstTokenAt === undefined ? null : row.firstTokenAt - row.arrivedAt,
    });
  }

  function dropAborted() {
    for (const row of rows()) if (row.job.signal.aborted) fail(row, row.job.signal.reason);
    for (const entry of waiting.filter(({ job }) => job.signal.aborted)) {
      waiting.splice(waiting.indexOf(entry), 1);
      entry.reject(entry.job.signal.reason);
    }
  }

  function admitOne(entry: Waiting): boolean {
    const free = slots.filter(({ row }) => !row);
    const busy = slots.flatMap(({ id, row }) => (row ? [id] : []));
    const { prompt, mayReusePrefix, sampling } = entry.job;
    const chosen = chooseSlot(free, busy, mayReusePrefix ? prompt : []);
    const slot = chosen && slots[chosen.id];
    if (!slot) return false;
    // the last token is always evaluated again: its logits are needed
    const wanted = mayReusePrefix ? Math.min(commonPrefixLength(slot.tokens, prompt), prompt.length - 1) : 0;
    const kept = wanted === slot.tokens.length || decoder.keepPrefix(slot.id, wanted) ? wanted : 0;
    slot.tokens = slot.tokens.slice(0, kept);
    slot.lastUse = ++uses;
    const sampler = decoder.createSampler(sampling);
    slot.row = {
      ...entry,
      slot,
      sampler,
      admittedAt: clock.monotonic(),
      cachedTokens: kept,
      next: undefined,
      generated: 0,
      lastRead: reads,
      firstTokenAt: undefined,
      isOver: false,
    };
    return true;
  }

  function admit() {
    for (let entry = waiting[0]; entry; entry = waiting[0]) {
      try {
        if (!admitOne(entry)) return;
      } catch (error) {
        entry.reject(toEngineError(error));
      }
      waiting.shift();
    }
  }

  /** Evaluates the items and hands over what was sampled; when the runtime refuses, those rows fail and their slots forget. */
  async function decode(items: readonly BatchItem[]): Promise<boolean> {
    const concerned = items.flatMap(({ slot }) => slots[slot]?.row ?? []);
    try {
      computing = concerned;
      const decoding = decoder.decode(items);
      doMeanwhile();
      const outcomes = await decoding.finally(() => {
        computing = [];
      });
      for (const { slot, tokens } of items) slots[slot]?.tokens.push(...tokens);
      const sampling = items.filter(({ sampler }) => sampler).flatMap(({ slot }) => slots[slot]?.row ?? []);
      for (const [i, row] of sampling.entries()) takeOutcome(row, outcomes[i]);
      return true;
    } catch (error) {
      for (const row of concerned) {
        decoder.keepPrefix(row.slot.id, 0);
        row.slot.tokens = [];
        fail(row, toEngineError(error));
      }
      return false;
    }
  }

  function takeOutcome(row: Row, outcome: PromiseSettledResult<Sampled> | undefined) {
    if (row.isOver) return release(row);
    try {
      if (outcome?.status === 'fulfilled') take(row, outcome.value);
      else fail(row, toEngineError(outcome?.reason));
    } catch (error) {
      fail(row, toEngineError(error));
    }
  }

  function take(row: Row, sampled: Sampled) {
    if (row.job.signal.aborted) return fail(row, row.job.signal.reason);
    if (row.job.maxTokens === 0) return finish(row, 'length');
    if (sampled.token === -1) return fail(row, new ClusterError('engine_error', phrase('no_next_token')));
    row.firstTokenAt ??= clock.monotonic();
    if (decoder.isEnd(sampled.token)) return finish(row, 'stop');
    row.generated++;
    generatedTokens++;
    row.next = sampled.token;
    const isLast = row.generated >= row.job.maxTokens || row.slot.tokens.length >= decoder.contextSize;
    if (!isLast) return void meanwhile.push(() => tell(row, sampled));
    tell(row, sampled);
    if (!row.isOver) finish(row, 'length');
  }

  function tell(row: Row, sampled: Sampled) {
    if (row.isOver) return; // aborted since
    try {
      if (row.job.onToken(sampled) === 'stop') finish(row, 'stop');
    } catch (error) {
      fail(row, toEngineError(error));
    }
  }

  async function generateOnce(active: readonly Row[]) {
    const bySlot = new Map(active.map((row) => [row.slot.id, row]));
    const groups = planGroups([...bySlot.keys()], costs);
    const ordered = groups.flat().flatMap((id) => bySlot.get(id) ?? []);
    const items = ordered.map((row) => ({
      slot: row.slot.id,
      position: row.slot.tokens.length,
      tokens: [row.next ?? 0],
      sampler: row.sampler,
    }));
    const startedAt = decoder.computeMs();
    if (!(await decode(items))) return;
    const elapsedMs = decoder.computeMs() - startedAt;
    meanwhile.push(() => costs.learn(groups, elapsedMs));
  }

  const isWriting = (row: Row) => row.generated > 1 && !row.job.isBlocked();
  const chunkTokens = () => pace.chunkTokens(rows().some(isWriting) ? limitBesideAnswersMs : limitAloneMs);
  const remainingOf = (row: Row) => row.job.prompt.length - row.slot.tokens.length;

  function nextPieces(reading: readonly Row[]): BatchItem[] {
    const readers = reading.map((row) => ({ row, slot: row.slot.id, remaining: remainingOf(row), lastRead: row.lastRead }));
    const { rows, share } = chooseReaders(readers, chunkTokens());
    return rows.map(({ row }) => {
      const start = row.slot.tokens.length;
      const tokens = row.job.prompt.slice(start, start + share);
      row.lastRead = ++reads;
      return {
        slot: row.slot.id,
        position: start,
        tokens,
        sampler: start + tokens.length === row.job.prompt.length ? row.sampler : undefined,
      };
    });
  }

  async function prefillOnce(reading: readonly Row[]) {
    const items = nextPieces(reading);
    const startedAt = decoder.computeMs();
    if (!(await decode(items))) return;
    const lengths = items.map(({ tokens }) => tokens.length);
    const isOneGo = new Set(lengths).size === 1 && items.every(({ slot }, i) => slot === (items[0]?.slot ?? 0) + i);
    if (isOneGo) pace.learn(lengths.length * (lengths[0] ?? 0), decoder.computeMs() - startedAt);
  }

  /** How long the prompts that are being read will still take; unknown counts as long. */
  function readingMs(reading: readonly Row[]): number {
    const tokens = reading.reduce((sum, row) => sum + remainingOf(row), 0);
    return tokens === 0 ? 0 : (pace.expectedMs(tokens) ?? Number.POSITIVE_INFINITY);
  }

  function isResting(active: readonly Row[], reading: readonly Row[]): boolean {
    const now = clock.monotonic();
    const ready = active.map(({ generated, firstTokenAt = now }) => ({ generated, firstTokenAt }));
    return awaitsCompany(ready, now, readingMs(reading));
  }

  async function rest() {
    doMeanwhile();
    if (rows().length > 0) return clock.sleep(blockedPollMs); // all of them wait for slow readers
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (waiting.length > 0 || isClosed) resolve();
    });
    await gather();
  }

  async function gather() {
    const startedAt = clock.monotonic();
    for (let before = 0; waiting.length > before && !isClosed && clock.monotonic() - startedAt < longestGatherMs; ) {
      before = waiting.length;
      await clock.sleep(gatherMs);
    }
  }

  async function timed(work: () => Promise<void>) {
    computingSince = clock.monotonic();
    await work();
    computingSince = undefined;
  }

  async function step() {
    dropAborted();
    admit();
    const active = generating().filter(({ job }) => !job.isBlocked());
    if (active.length > 0 && !isResting(active, prefilling())) await timed(() => generateOnce(active));
    dropAborted();
    const reading = prefilling();
    if (reading.length > 0) await timed(() => prefillOnce(reading));
    if (active.length === 0 && reading.length === 0) await rest();
  }

  async function loop() {
    while (!isClosed) await step();
    doMeanwhile();
    const error = new ClusterError('shutting_down', phrase('engine_is_stopping'));
    for (const row of rows()) fail(row, error);
    for (const entry of waiting.splice(0)) entry.reject(error);
  }

  const ended = loop();

  return {
    run(job) {
      if (isClosed) return Promise.reject(new ClusterError('shutting_down', phrase('engine_is_stopping')));
      if (waiting.length >= maxQueued)
        return Promise.reject(new ClusterError('overloaded', phrase('engine_queue_is_full', { count: waiting.length })));
      return new Promise((resolve, reject) => {
        waiting.push({ job, arrivedAt: clock.monotonic(), resolve, reject });
        wake();
      });
    },
    stats: () => ({
      busySlots: rows().length,
      queued: waiting.length,
      generatedTokens,
      computingMs: computingSince === undefined ? 0 : clock.monotonic() - computingSince,
    }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      wake();
      await ended;
    },
  };
}

function toEngineError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  return new ClusterError('engine_error', phrase('runtime_refused'), { cause: error });
}
