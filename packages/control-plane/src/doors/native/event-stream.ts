import type { FastifyReply } from 'fastify';

const KEEP_ALIVE_EVERY_MS = 15_000;
/** A reader that is this far behind is dropped: it reconnects and asks for what it missed. */
const MOST_BUFFERED_BYTES = 1024 * 1024;

export interface EventStream {
  send(event: { readonly type: string; readonly [field: string]: unknown }, id?: number): void;
  end(): void;
}

/** Takes over an answer and sends server-sent events on it: `event` is the type, `data` the JSON. */
export function openEventStream(reply: FastifyReply): EventStream {
  reply.hijack();
  const raw = reply.raw;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  const keepAlive = setInterval(() => raw.write(': keep-alive\n\n'), KEEP_ALIVE_EVERY_MS);
  raw.once('close', () => clearInterval(keepAlive));
  raw.on('error', () => {}); // the reader went away; `close` follows
  raw.write(': connected\n\n');
  return {
    send(event, id) {
      if (raw.destroyed) return;
      if (raw.writableLength > MOST_BUFFERED_BYTES) return void raw.destroy();
      raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    },
    end() {
      clearInterval(keepAlive);
      raw.end();
    },
  };
}
