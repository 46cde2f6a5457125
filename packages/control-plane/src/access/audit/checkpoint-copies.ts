import { setTimeout as sleepFor } from 'node:timers/promises';
import type { AuditCheckpoint } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';

/**
 * A place outside of this machine to which each checkpoint goes as well: whoever has this machine can write its record and its file anew, and
 * not what has left it. A new kind is one more of these, named in `main.ts`.
 */
export interface CheckpointCopy {
  /** For the log. */
  readonly name: string;
  /** Rejects when it did not arrive. It is tried again then, so that the place may see one twice. Once `stop` is aborted nothing is waited for. */
  send(checkpoint: AuditCheckpoint, stop: AbortSignal): Promise<void>;
}

/** Those that wait for a place that does not answer; the oldest go, since each newer one covers what they cover. */
const MOST_WAITING = 100;
/** A stop has three seconds in all. */
const CLOSE_WITHIN_MS = 1500;

export interface CheckpointCopies {
  /** More places. */
  copyTo(copies: readonly CheckpointCopy[]): void;
  add(checkpoint: AuditCheckpoint): void;
  /** Sends what waits, place by place, oldest first; to one place one at a time, however often it is asked. Never rejects. */
  send(): Promise<void>;
  /** Sends what waits, without pauses, to whoever answers soon. */
  close(): Promise<void>;
}

interface Place {
  readonly copy: CheckpointCopy;
  readonly waiting: AuditCheckpoint[];
  isBroken: boolean;
  sending: Promise<void> | undefined;
}

export function createCheckpointCopies(log: Logger): CheckpointCopies {
  const places: Place[] = [];
  const stopping = new AbortController();

  function complain(place: Place, error: unknown): void {
    const facts = { place: place.copy.name, waiting: place.waiting.length, err: error };
    if (!place.isBroken) log.error(facts, 'A checkpoint of the audit record could not be copied; it is tried again each minute');
    place.isBroken = true;
  }
  async function sendAll(place: Place): Promise<void> {
    const { copy, waiting } = place;
    try {
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        await copy.send(next, stopping.signal);
        if (waiting[0] === next) waiting.shift(); // it may have had to go meanwhile
      }
      if (place.isBroken) log.info({ place: copy.name }, 'Checkpoints of the audit record are copied again');
      place.isBroken = false;
    } catch (error) {
      complain(place, error);
    } finally {
      place.sending = undefined; // in one go with the last look at what waits, so that nothing is left lying
    }
  }
  function sendTo(place: Place): Promise<void> {
    place.sending ??= Promise.resolve().then(() => sendAll(place));
    return place.sending;
  }
  const send = async () => void (await Promise.all(places.map(sendTo)));

  return {
    copyTo: (copies) => void places.push(...copies.map((copy): Place => ({ copy, waiting: [], isBroken: false, sending: undefined }))),
    add(checkpoint) {
      for (const { waiting } of places) {
        waiting.push(checkpoint);
        if (waiting.length > MOST_WAITING) waiting.shift();
      }
    },
    send,
    async close() {
      stopping.abort();
      await Promise.race([send(), sleepFor(CLOSE_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}
