import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { configShape } from '@cluster-ai/contracts';
import { type Clock, createManualClock, type Logger, systemClock } from '@cluster-ai/runtime';
import { afterEach, describe, expect, test } from 'vitest';
import { openOutgoingClient } from '../../outgoing/open-outgoing-client.ts';
import { createOutgoingClient } from '../../outgoing/outgoing-client.ts';
import { signWebhook } from '../../outgoing/sign-webhook.ts';
import { createNamedSecrets } from '../secrets/named-secrets.ts';
import { openTestSecrets } from '../secrets/testing/open-test-secrets.ts';
import { nameCopies } from './name-copies.ts';
import { openPlace, toDraft } from './testing/open-place.ts';
import { createWebhookCopy } from './webhook.ts';

const checkpoint = { sequence: 7, hash: 'ab', at: '2026-11-28T10:00:00.000Z', signature: 'sig' };
const secret = 'planted-webhook-secret';
const going = new AbortController().signal;

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = readonly [status: number, headers?: Record<string, string>];

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

/** Answers one after the other, the last one for ever. `silent` never does. */
async function receive(...answers: (Answer | 'silent')[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
    const answer = answers[Math.min(seen.length, answers.length) - 1] ?? [204];
    if (answer !== 'silent') response.writeHead(...answer).end();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, host, url: `http://${host}/hooks/planted-path?k=planted-query` };
}

/** Sleeps are noted, and over at once. */
function createPausingClock() {
  const clock = createManualClock();
  const pauses: number[] = [];
  let slept = 0;
  const pausing: Clock = {
    ...clock,
    now: () => clock.now() + slept,
    sleep: async (ms) => {
      pauses.push(ms);
      slept += ms;
    },
  };
  return { pausing, pauses };
}

function createCopy(url: string, hosts: readonly string[], clock: Clock = createManualClock()) {
  const outgoing = createOutgoingClient({ policy: { allowedHosts: hosts, plainHosts: hosts } });
  return createWebhookCopy({ url, outgoing, clock, readSecret: async () => secret });
}

/** What whoever receives it does, written down from the specification. */
function isGenuine({ headers, body }: Pick<Seen, 'headers' | 'body'>, key: string, nowMs: number): boolean {
  const time = String(headers['webhook-timestamp']);
  const proof = createHmac('sha256', key).update([headers['webhook-id'], time, body].join('.')).digest('base64');
  return headers['webhook-signature'] === `v1,${proof}` && Math.abs(nowMs / 1000 - Number(time)) < 300;
}

test('the signature is that of Standard Webhooks', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
  expect(signWebhook(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 1_614_265_330_999)).toEqual({
    'webhook-id': message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

describe('attack 52: a webhook', () => {
  test('is signed over its body and its time: what is changed, kept for later or signed by others is not genuine', async () => {
    const { seen, host, url } = await receive();
    const clock = createManualClock();
    await createCopy(url, [host], clock).send(checkpoint, going);
    const [got] = seen;
    if (got === undefined) throw new Error('Nothing came.');
    expect(got.path).toBe('/hooks/planted-path?k=planted-query');
    expect(got.headers['content-type']).toBe('application/json');
    expect(JSON.parse(got.body)).toEqual(checkpoint);
    expect(Number(got.headers['webhook-timestamp'])).toBe(clock.now() / 1000);

    const now = clock.now();
    const later = now + 600_000;
    expect(isGenuine(got, secret, now)).toBe(true);
    expect(isGenuine(got, 'of somebody else', now)).toBe(false);
    expect(isGenuine({ ...got, body: got.body.replace('7', '8') }, secret, now)).toBe(false);
    expect(isGenuine(got, secret, later)).toBe(false);
    expect(isGenuine({ ...got, headers: { ...got.headers, 'webhook-timestamp': `${later / 1000}` } }, secret, later)).toBe(false);
    expect(isGenuine({ ...got, headers: { ...got.headers, 'webhook-id': 'another' } }, secret, now)).toBe(false);
    expect(inspect(got)).not.toContain(secret);
  });

  test('goes to no inner address, and not without TLS, unless the owner names the host', async () => {
    const { seen, host, url } = await receive();
    const { pausing } = createPausingClock();
    const policies = [
      { allowedHosts: [], plainHosts: [] },
      { allowedHosts: [], plainHosts: [host] },
      { allowedHosts: [host], plainHosts: [] },
    ];
    for (const policy of policies) {
      const outgoing = createOutgoingClient({ policy });
      const copy = createWebhookCopy({ url, outgoing, clock: pausing, readSecret: async () => secret });
      await expect(copy.send(checkpoint, going)).rejects.toMatchObject({ code: 'address_refused' });
    }
    expect(seen).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])('is not sent on to another address (%i)', async (status) => {
    const other = await receive();
    const { host, url } = await receive([status, { location: other.url }]);
    const { pausing } = createPausingClock();
    await expect(createCopy(url, [host, other.host], pausing).send(checkpoint, going)).rejects.toMatchObject({ code: 'remote_failed' });
    expect(other.seen).toEqual([]);
  });

  test('that fails is told in the log, which holds neither the secret nor the path', async () => {
    const { host, url } = await receive([500]);
    const lines: string[] = [];
    const write = (fields: object, sentence: string) => void lines.push(`${sentence} ${inspect(fields, { depth: 9, showHidden: true })}`);
    const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
    await using place = await openPlace();
    const audit = await place.open({ copies: [createCopy(url, [host])], log });
    await audit.record(toDraft());
    await audit[Symbol.asyncDispose]();
    expect(lines.join('\n')).toContain(`http://${host} answered a checkpoint with status 500.`);
    expect(lines.join('\n')).not.toContain('planted');
  });
});

test('one that fails is tried again after growing pauses, as the same message with a new time', async () => {
  const { seen, host, url } = await receive([503], [500], [200]);
  const { pausing, pauses } = createPausingClock();
  await createCopy(url, [host], pausing).send(checkpoint, going);
  expect(pauses).toEqual([1000, 4000]);
  expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  const [first = 0, ...others] = seen.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(others).toEqual([first + 1, first + 5]);
});

test('after four tries it waits for the next round; at a stop there is one last try, at once', async () => {
  const { seen, host, url } = await receive([500]);
  const { pausing, pauses } = createPausingClock();
  await expect(createCopy(url, [host], pausing).send(checkpoint, going)).rejects.toMatchObject({ code: 'remote_failed' });
  expect([seen.length, pauses]).toEqual([4, [1000, 4000, 16_000]]);

  const stop = new AbortController();
  const waiting = createCopy(url, [host], createManualClock()).send(checkpoint, stop.signal);
  await expect.poll(() => seen.length).toBe(5); // and now a pause that nobody ends
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'remote_failed' });
  expect(seen.length).toBeLessThanOrEqual(6);
});

test('acts go on while it does not answer', async () => {
  const { seen, host, url } = await receive('silent');
  await using place = await openPlace();
  await using audit = await place.open({ copies: [createCopy(url, [host], systemClock)] });
  await audit.record(toDraft());
  const stop = new AbortController();
  const running = audit.run(stop.signal);
  await expect.poll(() => seen.length).toBe(1);
  await audit.record(toDraft());
  expect((await audit.list({ limit: 10 })).entries).toHaveLength(2);
  stop.abort();
  await running;
});

test('as the configuration names it: to its address, by its secret, whose new value counts at once', async () => {
  const { seen, host, url } = await receive();
  const config = configShape.parse({
    access: { audit: { checkpoints: { webhook: { url, secret: 'audit-hook' } } } },
    outgoing: { allowedHosts: [host], plainHosts: [host] },
  });
  await using place = await openPlace();
  const { database } = place;
  const named = createNamedSecrets({ database, secrets: await openTestSecrets(database), clock: place.clock });
  const outgoing = await openOutgoingClient(config.outgoing);
  const copies = nameCopies(config.access.audit.checkpoints, { outgoing, readSecret: named.get, clock: place.clock });
  expect(copies.map(({ name }) => name)).toEqual([`http://${host}`]);
  for (const value of ['one', 'two']) {
    await named.put('audit-hook', { value });
    const audit = await place.open({ copies });
    await audit.record(toDraft());
    await audit[Symbol.asyncDispose]();
  }
  expect(seen.map((got, index) => isGenuine(got, ['one', 'two'][index] ?? '', place.clock.now()))).toEqual([true, true]);
  expect(seen.map(({ body }) => body).join('\n')).toBe((await readFile(place.checkpointFile, 'utf8')).trim());
});

test('without a secret the configuration is refused', () => {
  const parse = (webhook: object) => configShape.safeParse({ access: { audit: { checkpoints: { webhook } } } }).success;
  expect(parse({ url: 'https://hooks.example/', secret: 'audit-hook' })).toBe(true);
  expect(parse({ url: 'https://hooks.example/' })).toBe(false);
  expect(parse({ url: 'https://hooks.example/', secret: '' })).toBe(false);
  expect(parse({ url: 'file:///etc/passwd', secret: 'audit-hook' })).toBe(false);
});
