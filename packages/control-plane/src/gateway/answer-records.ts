import { createFoldedChunks } from './folded-chunks.ts';
import { countEvents, createEventAligner, isLastEvent } from './whole-events.ts';

/** Of one answer. A longer one is not continued when its replica is lost. */
const MOST_BYTES_EACH = 1024 * 1024;
/** Of all answers under way. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What of a streamed answer went to the caller, in case that another replica has to go on from there. Nothing of it is read before. */
export interface AnswerRecord {
  /** Takes bytes as they come, and gives the whole events that may be passed on now. */
  take(chunk: Buffer): Buffer;
  /** The stream broke off: the beginning of an event that was not passed on is forgotten. */
  cut(): void;
  /** How many events were passed on. */
  readonly events: number;
  /** Whether the last event that was passed on closes the stream. */
  readonly hasEnded: boolean;
  /** Milliseconds from the first to the last event that was passed on. */
  readonly spanMs: number;
  /** All events that were passed on; `undefined`: they were too many to be kept. */
  read(): string | undefined;
  /** Gives its memory back. */
  close(): void;
}

export interface AnswerRecords {
  open(): AnswerRecord;
}

/** Keeps what callers have, all answers together in bounded memory. */
export function createAnswerRecords(monotonic: () => number, mostBytes = MOST_BYTES): AnswerRecords {
  let usedBytes = 0;

  function open(): AnswerRecord {
    const aligner = createEventAligner();
    const mayGrow = (bytes: number) => {
      if (folded === undefined || folded.capacity + bytes > MOST_BYTES_EACH || usedBytes + bytes > mostBytes) return false;
      usedBytes += bytes;
      return true;
    };
    const forget = () => {
      usedBytes -= folded?.capacity ?? 0;
      folded = undefined;
    };
    let folded: ReturnType<typeof createFoldedChunks> | undefined = createFoldedChunks(mayGrow);
    let last: Buffer | undefined;
    let count = 0;
    let firstAtMs = 0;
    let lastAtMs = 0;
    return {
      take(chunk) {
        const events = aligner.take(chunk);
        if (events.length === 0) return events;
        lastAtMs = monotonic();
        if (last === undefined) firstAtMs = lastAtMs;
        last = events;
        count += countEvents(events);
        if (folded?.add(events) === false) forget();
        return events;
      },
      cut: () => aligner.cut(),
      get events() {
        return count;
      },
      get hasEnded() {
        return last !== undefined && isLastEvent(last);
      },
      get spanMs() {
        return lastAtMs - firstAtMs;
      },
      read: () => folded?.unfold().toString('utf8'),
      close: forget,
    };
  }
  return { open };
}
