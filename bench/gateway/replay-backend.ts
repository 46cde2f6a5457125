// What nginx stands in front of: answers with recorded bytes, at the pace at which they were recorded. Started by nginx-peer.ts.
import { createServer, type ServerResponse } from 'node:http';

interface Recording {
  readonly json: string;
  readonly events: readonly string[];
  readonly everyMs: number;
}

const { json, events, everyMs } = JSON.parse(process.argv[2] ?? '{}') as Recording;
const open = new Map<ServerResponse, number>();
const TICK_MS = 10;

setInterval(() => {
  const now = performance.now();
  for (const [response, startedAt] of open) {
    const due = Math.min(events.length, Math.floor((now - startedAt) / everyMs) + 1);
    const sent = sentOf.get(response) ?? 0;
    for (let index = sent; index < due; index++) response.write(events[index]);
    sentOf.set(response, due);
    if (due < events.length) continue;
    open.delete(response);
    response.end();
  }
}, TICK_MS);
const sentOf = new WeakMap<ServerResponse, number>();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (Buffer.concat(chunks).includes('"stream":true')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      open.set(response, performance.now());
    } else response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }).end(json);
  });
  response.on('close', () => open.delete(response));
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
