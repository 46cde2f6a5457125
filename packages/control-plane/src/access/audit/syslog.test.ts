import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createManualClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createSyslogCopy, toSyslogMessage } from './syslog.ts';

const checkpoint = { sequence: 7, hash: 'ab', at: '2026-11-28T10:00:00.000Z', signature: 'sig' };
const going = new AbortController().signal;
const pattern = /^<109>1 2023-11-14T22:13:20\.000Z \S+ cluster-ai \d+ audit-checkpoint - (\{.*\})$/;

test('a checkpoint is one message of RFC 5424: log audit, notice, and the line of the file', () => {
  const message = toSyslogMessage(checkpoint, 1_700_000_000_000, 'a host\n');
  expect(message).toMatch(/^<109>1 \S+ ahost cluster-ai /);
  expect(JSON.parse(pattern.exec(message)?.[1] ?? '')).toEqual(checkpoint);
  expect(toSyslogMessage(checkpoint, 0, '')).toContain('Z - cluster-ai');
});

test('goes out by UDP', async () => {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  await once(server, 'listening');
  const received = once(server, 'message');
  await createSyslogCopy(`udp://127.0.0.1:${server.address().port}`, createManualClock()).send(checkpoint, going);
  const [bytes] = (await received) as [Buffer];
  expect(bytes.toString()).toMatch(pattern);
  server.close();
});

test('goes out by TCP, framed by its length; a server that is not there is an error', async () => {
  const received: Buffer[] = [];
  const server = createServer((socket) => socket.on('data', (bytes) => received.push(bytes))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const copy = createSyslogCopy(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, createManualClock());
  await copy.send(checkpoint, going);
  const [, length, message = ''] = /^(\d+) (.*)$/s.exec(Buffer.concat(received).toString()) ?? [];
  expect(Number(length)).toBe(message.length);
  expect(message).toMatch(pattern);
  server.close();
  await once(server, 'close');
  await expect(copy.send(checkpoint, going)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
