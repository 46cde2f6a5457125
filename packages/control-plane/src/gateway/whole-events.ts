const END_OF_EVENT = '\n\n';
const LINE_FEED = 10;
const nothing = Buffer.alloc(0);

/** The end of a stream of OpenAI's events. */
export const endMark = Buffer.from(`data: [DONE]${END_OF_EVENT}`);

const endsWithEvent = (bytes: Buffer) => bytes.length > 1 && bytes[bytes.length - 1] === LINE_FEED && bytes[bytes.length - 2] === LINE_FEED;

/**
 * Cuts bytes at the ends of events, whatever the network did to them: so a comment, an error event or another replica's words never land inside of
 * another event. Engines write one event at a time, so nearly always the bytes go through untouched.
 */
export function createEventAligner() {
  let rest: Buffer = nothing;
  return {
    /** The whole events so far; empty when there is none yet. */
    take(chunk: Buffer): Buffer {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = endsWithEvent(bytes) ? bytes.length : bytes.lastIndexOf(END_OF_EVENT) + END_OF_EVENT.length;
      const whole = end < END_OF_EVENT.length ? 0 : end;
      rest = bytes.subarray(whole);
      return bytes.subarray(0, whole);
    },
    /** Forgets the beginning of an event that will not be completed. */
    cut(): void {
      rest = nothing;
    },
  };
}

/** How many events there are in a run of whole ones. */
export function countEvents(events: Buffer): number {
  let count = 0;
  for (let end = events.indexOf(END_OF_EVENT); end >= 0; end = events.indexOf(END_OF_EVENT, end + END_OF_EVENT.length)) count++;
  return count;
}

/** Whether the last event of a run of whole events closes a stream: the end mark, or an error. */
export function isLastEvent(events: Buffer): boolean {
  const start = events.lastIndexOf(END_OF_EVENT, -END_OF_EVENT.length - 1);
  const last = events.toString('utf8', start < 0 ? 0 : start + END_OF_EVENT.length);
  return /^data: ?(\[DONE\]|\{"error")/.test(last);
}
