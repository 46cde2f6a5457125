import { Readable } from 'node:stream';
import { ClusterError, isClusterError, phrase } from '@cluster-ai/contracts';
import type { AnswerRecord } from './answer-records.ts';
import { endMark } from './whole-events.ts';

/** What a stream that broke means to the caller. The link's own errors say it already; a stranger means that the connection went. */
function toStreamError(error: unknown): ClusterError {
  if (isClusterError(error)) return error;
  return new ClusterError('node_lost', phrase('connection_broke'), {
    cause: error,
    hint: phrase('send_again'),
  });
}

/**
 * The bytes of an answer as they come from the node, untouched; with a record in whole events. It ends only when the node ended it: a stream that
 * breaks destroys it with a ClusterError, so that nobody takes half an answer for a whole one. Destroying it resets the stream to the node.
 */
export class AnswerBody extends Readable {
  #upstream: Readable;
  readonly #refuse: (error: Error) => void;
  readonly record: AnswerRecord | undefined;
  /** Resolves with the first bytes, or the end of an empty answer; rejects when it broke before. */
  readonly begun: Promise<void>;
  /** Told when the stream breaks, instead of the reader: `continueWith`, `complete` or `destroy` must follow. */
  onBreak: ((failure: ClusterError) => void) | undefined;

  constructor(upstream: Readable, record?: AnswerRecord) {
    super({ highWaterMark: 64 * 1024 });
    this.record = record;
    this.#upstream = upstream;
    this.on('error', () => {}); // whoever reads has a listener of their own; without a reader nothing must end the process
    const begun = Promise.withResolvers<void>();
    this.begun = begun.promise;
    upstream.once('data', begun.resolve);
    upstream.once('end', begun.resolve);
    this.#refuse = begun.reject;
    this.begun.catch(() => {});
    this.#follow(upstream);
  }

  /** Goes on with the bytes of another stream, as if they came from the one that broke. */
  continueWith(next: Readable): void {
    this.#upstream = next;
    this.#follow(next);
  }

  /** Ends an answer of which only the end mark did not come. */
  complete(): void {
    this.push(endMark);
    this.push(null);
  }

  #follow(upstream: Readable): void {
    const { record } = this;
    const pass = (bytes: Buffer) => bytes.length === 0 || this.push(bytes);
    let isOver = false;
    const over = (error: unknown) => {
      if (isOver || this.destroyed) return;
      isOver = true;
      this.#break(toStreamError(error));
    };
    upstream.on('data', (chunk: Buffer) => {
      if (!pass(record ? record.take(chunk) : chunk)) upstream.pause();
    });
    upstream.on('end', () => {
      isOver = true;
      this.push(null);
    });
    upstream.on('error', over);
    upstream.on('close', () => {
      if (!upstream.readableEnded) over(upstream.errored);
    });
  }

  #break(failure: ClusterError): void {
    this.record?.cut();
    if (this.record?.hasEnded) this.push(null);
    else if (this.onBreak) this.onBreak(failure);
    else this.destroy(failure);
  }

  override _read(): void {
    this.#upstream.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.record?.close();
    if (!this.#upstream.readableEnded) {
      this.#upstream.destroy();
      this.#refuse(error ?? new ClusterError('cancelled', 'The answer was closed before it began.'));
    }
    callback(error);
  }
}
