import type { Server, Socket } from 'node:net';

export interface ConnectionLimits {
  readonly mostPerAddress: number;
  /** Behind a proxy stand many. */
  readonly isTrustedProxy: (address: string) => boolean;
}

/** Bounds what one address can hold open, and lets nobody who has not said anything yet keep a listener from closing. */
export function guardConnections(server: Server, { mostPerAddress, isTrustedProxy }: ConnectionLimits): { close(): void } {
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  let isClosing = false;

  const count = (address: string, by: number) => {
    const next = (counts.get(address) ?? 0) + by;
    if (next > 0) counts.set(address, next);
    else counts.delete(address);
    return next;
  };

  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      count(address, -1);
    });
    const isTooMany = count(address, 1) > mostPerAddress && !isTrustedProxy(address);
    if (isClosing || isTooMany) socket.destroy();
  });

  return {
    close() {
      isClosing = true;
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}
