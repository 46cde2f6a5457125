import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import type { AuditCheckpoint } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { CheckpointCopy } from './checkpoint-copies.ts';

const DEFAULT_PORT = 514;
const WITHIN_MS = 5000;
/** Facility 13 (log audit) and severity 5 (notice), as RFC 5424, 6.2.1 adds them up. */
const PRIORITY = 13 * 8 + 5;

/** A header field of RFC 5424: visible ASCII, so long at most; `-` where there is nothing. */
const toField = (text: string, most: number) => text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, most) || '-';

/** A checkpoint as one message of RFC 5424. What it says is JSON, the same line as in the file. */
export function toSyslogMessage(checkpoint: AuditCheckpoint, nowMs: number, host: string): string {
  const time = new Date(nowMs).toISOString();
  return `<${PRIORITY}>1 ${time} ${toField(host, 255)} cluster-ai ${process.pid} audit-checkpoint - ${JSON.stringify(checkpoint)}`;
}

async function sendByUdp(message: string, host: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.send(message, port, host, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    socket.close();
  }
}

/** Framed by its length (RFC 6587, 3.4.1). It has arrived when the other side has closed after us: TCP's own word is that it was sent. */
async function sendByTcp(message: string, host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  socket.on('error', () => {}); // whoever waits hears of it; nobody may be waiting
  const signal = AbortSignal.timeout(WITHIN_MS);
  try {
    await once(socket, 'connect', { signal });
    const finished = once(socket, 'finish', { signal });
    socket.end(`${Buffer.byteLength(message)} ${message}`);
    socket.resume();
    await finished;
    await once(socket, 'close', { signal });
  } finally {
    socket.destroy();
  }
}

/** Sends each checkpoint to a syslog server, `udp://host:port` or `tcp://host:port`. */
export function createSyslogCopy(address: string, clock: Clock): CheckpointCopy {
  const { protocol, hostname: named, port } = new URL(address);
  const host = named.replace(/^\[|\]$/g, '');
  const send = protocol === 'udp:' ? sendByUdp : sendByTcp;
  return {
    name: address,
    send: (checkpoint) => send(toSyslogMessage(checkpoint, clock.now(), hostname()), host, Number(port) || DEFAULT_PORT),
  };
}
