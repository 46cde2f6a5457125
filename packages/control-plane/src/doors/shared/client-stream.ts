import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { inferenceHeaders } from '@cluster-ai/contracts';
import type { FastifyReply } from 'fastify';
import type { InferenceAnswer } from '../../gateway/gateway.ts';

/** Whoever reads nothing for this long holds a model for nobody. */
const stalledReaderMs = 60_000;

// header values are Latin-1 without control characters; a node may be called anything
const toHeaderValue = (text: string) => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));

/** Says in the open who answered. */
export function whoAnswered({ node, replicaId }: Pick<InferenceAnswer, 'node' | 'replicaId'>): Record<string, string> {
  return { [inferenceHeaders.node]: toHeaderValue(node.name), [inferenceHeaders.replica]: replicaId };
}

/** The client's end of a streamed answer, written without Fastify in between. */
export interface ClientStream {
  readonly isOpen: boolean;
  /** The client went away. */
  readonly isGone: boolean;
  /** When something was last written, on the clock's monotonic scale. */
  readonly lastWriteAt: number;
  /** Decides on status 200; it goes out with the first bytes, in one packet. */
  open(headers: Readonly<Record<string, string>>): void;
  /** False when the client reads too slowly: wait for `drained` before writing more. */
  write(chunk: string | Uint8Array): boolean;
  /** Resolves when the client can take more. Rejects when it went away, or did not read for so long that it is cut off. */
  drained(): Promise<void>;
  /** Resolves when the last bytes left. */
  end(): Promise<void>;
}

export function createClientStream(reply: FastifyReply, contentType: string, monotonic: () => number, signal: AbortSignal): ClientStream {
  let isOpen = false;
  let lastWriteAt = monotonic();
  const { raw } = reply;
  return {
    get isOpen() {
      return isOpen;
    },
    get isGone() {
      return raw.destroyed;
    },
    get lastWriteAt() {
      return lastWriteAt;
    },
    open(headers) {
      if (isOpen) return;
      isOpen = true;
      reply.hijack();
      raw.on('error', () => {}); // the client went away: the call's signal has told everybody
      raw.writeHead(200, {
        ...(reply.getHeaders() as OutgoingHttpHeaders),
        'content-type': contentType,
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
        ...headers,
      });
    },
    write(chunk) {
      lastWriteAt = monotonic();
      return raw.write(chunk);
    },
    async drained() {
      if (!raw.writableNeedDrain) return;
      const giveUp = setTimeout(() => raw.destroy(), stalledReaderMs);
      try {
        await once(raw, 'drain', { signal });
      } finally {
        clearTimeout(giveUp);
      }
    },
    end: () =>
      new Promise((resolve) => {
        raw.once('close', resolve);
        raw.end(resolve);
      }),
  };
}
