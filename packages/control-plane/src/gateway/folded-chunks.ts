/** Bytes before the middle of each entry: two lengths of 16 bits, one of 32. */
const ENTRY_HEAD = 8;
const MOST_SHARED = 0xffff;
const FIRST_CAPACITY = 1024;
const nothing = Buffer.alloc(0);

function sharedStart(a: Buffer, b: Buffer, most: number): number {
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

function sharedEnd(a: Buffer, b: Buffer, most: number): number {
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length;
}

/**
 * Keeps a run of chunks that are much alike in little space: of each only what it does not share with the one before, at its start and at its end. Of
 * an event with one token that is some 13 bytes of 200, and comparing costs less than copying all of it. `mayGrow` is asked before memory is taken.
 */
export function createFoldedChunks(mayGrow: (bytes: number) => boolean) {
  let kept: Buffer = nothing;
  let length = 0;
  let totalLength = 0;
  let previous: Buffer = nothing;

  function makeRoom(wanted: number): boolean {
    if (length + wanted <= kept.length) return true;
    const capacity = Math.max(FIRST_CAPACITY, kept.length * 2, length + wanted);
    if (!mayGrow(capacity - kept.length)) return false;
    const larger = Buffer.allocUnsafeSlow(capacity);
    kept.copy(larger, 0, 0, length);
    kept = larger;
    return true;
  }

  return {
    /** False when there was no room: then the chunk is not kept. */
    add(chunk: Buffer): boolean {
      const most = Math.min(previous.length, chunk.length, MOST_SHARED);
      const start = sharedStart(previous, chunk, most);
      const end = sharedEnd(previous, chunk, most - start);
      const middle = chunk.length - start - end;
      if (!makeRoom(ENTRY_HEAD + middle)) return false;
      kept.writeUInt16LE(start, length);
      kept.writeUInt16LE(end, length + 2);
      kept.writeUInt32LE(middle, length + 4);
      chunk.copy(kept, length + ENTRY_HEAD, start, start + middle);
      length += ENTRY_HEAD + middle;
      totalLength += chunk.length;
      previous = chunk;
      return true;
    },
    /** All chunks, one after the other. */
    unfold(): Buffer {
      const whole = Buffer.allocUnsafe(totalLength);
      let before = nothing;
      let to = 0;
      for (let at = 0; at < length; ) {
        const start = kept.readUInt16LE(at);
        const end = kept.readUInt16LE(at + 2);
        const middle = kept.readUInt32LE(at + 4);
        const from = at + ENTRY_HEAD;
        const chunk = whole.subarray(to, to + start + middle + end);
        before.copy(chunk, 0, 0, start);
        kept.copy(chunk, start, from, from + middle);
        before.copy(chunk, start + middle, before.length - end);
        before = chunk;
        to += chunk.length;
        at = from + middle;
      }
      return whole;
    },
    /** How much memory it holds. */
    get capacity(): number {
      return kept.length;
    },
  };
}
