const END_OF_EVENT = '\n\n';

/**
 * Cuts bytes at the ends of events, whatever the network did to them: so a comment or an error event never lands inside of another event.
 * Engines write one event at a time, so nearly always the bytes go through untouched.
 */
export function createEventAligner() {
  let rest: Buffer = Buffer.alloc(0);
  return {
    /** The whole events so far; empty when there is none yet. */
    take(chunk: Buffer): Buffer {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(END_OF_EVENT) + END_OF_EVENT.length;
      const whole = end < END_OF_EVENT.length ? 0 : end;
      rest = bytes.subarray(whole);
      return bytes.subarray(0, whole);
    },
  };
}

/** Whether the last event of a run of whole events closes a stream: the end mark, or an error. */
export function isLastEvent(events: Buffer): boolean {
  const start = events.lastIndexOf(END_OF_EVENT, -END_OF_EVENT.length - 1);
  const last = events.toString('utf8', start < 0 ? 0 : start + END_OF_EVENT.length);
  return /^data: ?(\[DONE\]|\{"error")/.test(last);
}
