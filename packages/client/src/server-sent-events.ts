/** One server-sent event. `id` is the stream's latest id, also when this event did not bring one itself (HTML standard, section 9.2.6). */
export interface ServerSentEvent {
  readonly id: string;
  /** The event's name; `message` where the server gave none. */
  readonly event: string;
  readonly data: string;
}

/** Turns pieces of text, cut anywhere, into server-sent events. Comments, `retry` and unknown fields are skipped, as the HTML standard says. */
export function createEventParser() {
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];

  function takeField(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const raw = colon === -1 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
  }

  function takeLine(line: string): ServerSentEvent | undefined {
    if (line !== '') {
      takeField(line);
      return undefined;
    }
    const finished = data.length === 0 ? undefined : { id, event: event || 'message', data: data.join('\n') };
    event = '';
    data = [];
    return finished;
  }

  /** The events that are complete with this piece. */
  function push(piece: string): readonly ServerSentEvent[] {
    // A carriage return at the very end may be half of CRLF: it waits for the next piece.
    const text = rest + piece;
    const isHalfBreak = text.endsWith('\r');
    const lines = (isHalfBreak ? text.slice(0, -1) : text).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '') + (isHalfBreak ? '\r' : '');
    return lines.map(takeLine).filter((finished) => finished !== undefined);
  }

  return { push };
}

/**
 * Reads the body of an answer as server-sent events, until the server ends it. Leaving the loop closes the connection.
 * `onActivity` is called for every piece that arrives, keep-alive comments too: silence means that the connection is dead.
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
  onActivity: () => void = () => undefined,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const parser = createEventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onActivity();
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Cancelling a stream that failed by itself rejects with the same failure, which the loop has already thrown.
    await reader.cancel().catch(() => undefined);
  }
}
