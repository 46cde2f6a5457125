import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** As long as a stream of an answer waits for its reader. */
const stalledMs = 60_000;

/**
 * Ends the connection of whoever asked and then takes nothing of the answer, which would wait in memory for ever. Who reads slowly is
 * not meant: each byte that leaves begins the wait anew. Streams bound themselves while they are written.
 */
export function endStalledReaders(server: Pick<Server, 'prependListener'>, idleMs: number = stalledMs): void {
  // first: whoever answers may be done at once
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    // all is written, and some of it has not left; once it has, Node sets the time for which a connection is kept
    response.once('prefinish', () => response.setTimeout(idleMs, () => response.destroy()));
  });
}
