import type { AuditCheckpoint } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';

/**
 * A place outside of this machine to which each checkpoint goes as well: whoever has this machine can write its record and its file anew, and
 * not what has left it. A new kind (a webhook, by the one guarded client) is one more of these, named in `main.ts`.
 */
export interface CheckpointCopy {
  /** For the log. */
  readonly name: string;
  /** Rejects when it did not arrive. It is tried again then, so that the place may see one twice. */
  send(checkpoint: AuditCheckpoint): Promise<void>;
}

/** Those that wait for a place that does not answer; the oldest go, since each newer one covers what they cover. */
const MOST_WAITING = 100;

export interface CheckpointCopies {
  add(checkpoint: AuditCheckpoint): void;
  /** Sends what waits, place by place, oldest first. Never rejects. */
  send(): Promise<void>;
}

export function createCheckpointCopies(copies: readonly CheckpointCopy[], log: Logger): CheckpointCopies {
  const places = copies.map((copy) => ({ copy, waiting: [] as AuditCheckpoint[], isBroken: false }));
  type Place = (typeof places)[number];

  async function sendAll(place: Place): Promise<void> {
    for (let next = place.waiting[0]; next !== undefined; next = place.waiting[0]) {
      await place.copy.send(next);
      place.waiting.shift();
    }
    if (place.isBroken) log.info({ place: place.copy.name }, 'Checkpoints of the audit record are copied again');
    place.isBroken = false;
  }
  function complain(place: Place, error: unknown): void {
    const facts = { place: place.copy.name, waiting: place.waiting.length, err: error };
    if (!place.isBroken) log.error(facts, 'A checkpoint of the audit record could not be copied; it is tried again each minute');
    place.isBroken = true;
  }
  return {
    add(checkpoint) {
      for (const { waiting } of places) {
        waiting.push(checkpoint);
        if (waiting.length > MOST_WAITING) waiting.shift();
      }
    },
    send: async () => void (await Promise.all(places.map((place) => sendAll(place).catch((error: unknown) => complain(place, error))))),
  };
}
