import { type ClusterError, toClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { FastifyReply } from 'fastify';
import type { InferenceAnswer } from '../../gateway/gateway.ts';
import { type ClientStream, createClientStream, whoAnswered } from './client-stream.ts';

/** How long a streaming request may wait for its model before the status is sent, so that nobody in between gives up. */
const COMMIT_AFTER_MS = 10_000;
/** How long a stream may be silent before something is written that clients ignore. */
const KEEP_ALIVE_MS = 10_000;

/** What differs between the dialects of streams. */
export interface StreamDialect {
  readonly contentType: string;
  /** Bytes without meaning. */
  keepAlive(): string;
  toErrorEvent(error: ClusterError): string;
  /** Writes the whole answer. Rejects when it broke. */
  forward(answer: InferenceAnswer, stream: ClientStream): Promise<void>;
}

interface StreamAnswer {
  readonly reply: FastifyReply;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly dialect: StreamDialect;
  serve(): Promise<InferenceAnswer>;
}

/**
 * Streams one answer. What fails before the status is sent is thrown, for the door's error handler; what fails later becomes
 * the dialect's error event, and the stream ends: it is never cut silently.
 */
export async function streamAnswer({ reply, clock, log, signal, dialect, serve }: StreamAnswer): Promise<void> {
  const stream = createClientStream(reply, dialect.contentType, clock.monotonic, signal);
  const finished = new AbortController();
  const answering = serve();
  try {
    const early = await withinPatience(answering, clock);
    stream.open(early === undefined ? {} : whoAnswered(early));
    void keepAlive(stream, dialect, clock, finished.signal);
    await dialect.forward(early ?? (await answering), stream);
  } catch (error) {
    if (!stream.isOpen) throw error;
    if (!stream.isGone) stream.write(dialect.toErrorEvent(explain(signal.aborted ? signal.reason : error, log)));
  } finally {
    finished.abort();
  }
  await stream.end();
}

// past the status the listener's own handler does not see it any more
function explain(thrown: unknown, log: Logger): ClusterError {
  const error = toClusterError(thrown);
  if (error.code === 'internal') log.error({ err: thrown }, 'A stream failed on our side');
  return error;
}

/** The answer, or `undefined` when it takes too long to keep the status back. */
async function withinPatience(answering: Promise<InferenceAnswer>, clock: Clock): Promise<InferenceAnswer | undefined> {
  const decided = new AbortController();
  const tooLate = clock.sleep(COMMIT_AFTER_MS, decided.signal).catch(() => undefined);
  try {
    return await Promise.race([answering, tooLate.then(() => undefined)]);
  } finally {
    decided.abort();
  }
}

async function keepAlive(stream: ClientStream, dialect: StreamDialect, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const dueMs = stream.lastWriteAt + KEEP_ALIVE_MS - clock.monotonic();
    if (dueMs <= 0) stream.write(dialect.keepAlive());
    else await clock.sleep(dueMs, signal).catch(() => undefined);
  }
}
