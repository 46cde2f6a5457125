import { Readable } from 'node:stream';
import { ClusterError, isClusterError, phrase } from '@cluster-ai/contracts';

/** What a stream that broke means to the caller. The link's own errors say it already; a stranger means that the connection went. */
function toStreamError(error: unknown): ClusterError {
  if (isClusterError(error)) return error;
  return new ClusterError('node_lost', phrase('connection_broke'), {
    cause: error,
    hint: phrase('send_again'),
  });
}

/**
 * The bytes of an answer as they come from the node, untouched. It ends only when the node ended it: a stream that breaks destroys it with a
 * ClusterError, so that nobody takes half an answer for a whole one. Destroying it resets the stream to the node.
 */
export class AnswerBody extends Readable {
  readonly #upstream: Readable;
  readonly #refuse: (error: Error) => void;
  /** Resolves with the first bytes, or the end of an empty answer; rejects when it broke before. */
  readonly begun: Promise<void>;

  constructor(upstream: Readable) {
    super({ highWaterMark: 64 * 1024 });
    this.#upstream = upstream;
    this.on('error', () => {}); // whoever reads has a listener of their own; without a reader nothing must end the process
    const begun = Promise.withResolvers<void>();
    this.begun = begun.promise;
    upstream.once('data', begun.resolve);
    upstream.once('end', begun.resolve);
    this.#refuse = begun.reject;
    this.begun.catch(() => {});
    upstream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) upstream.pause();
    });
    upstream.on('end', () => this.push(null));
    upstream.on('error', (error) => this.destroy(toStreamError(error)));
    upstream.on('close', () => {
      if (!upstream.readableEnded) this.destroy(toStreamError(upstream.errored));
    });
  }

  override _read(): void {
    this.#upstream.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#upstream.readableEnded) {
      this.#upstream.destroy();
      this.#refuse(error ?? new ClusterError('cancelled', 'The answer was closed before it began.'));
    }
    callback(error);
  }
}
