import { expect, test } from 'vitest';
import { createDenials, type DeniedAttempt } from './denials.ts';

const attempt = (changes: Partial<DeniedAttempt> = {}): DeniedAttempt => ({
  address: '10.0.0.1',
  action: 'GET /api/v1/nodes',
  code: 'unauthorized',
  requestId: 'req_1',
  ...changes,
});
const countOf = (entries: readonly { readonly count: number }[]) => entries.reduce((sum, { count }) => sum + count, 0);

test('one source, action and reason is one entry with its number, its first and its last time', () => {
  const denials = createDenials();
  for (let i = 0; i < 5; i++) denials.add(attempt({ requestId: `req_${i}` }), 1000 + i);
  for (const changes of [{ address: '10.0.0.2' }, { action: 'GET /api/v1/models' }, { code: 'key_revoked' }])
    denials.add(attempt(changes), 2000);
  const entries = denials.take();
  expect(entries.map(({ count }) => count)).toEqual([5, 1, 1, 1]);
  expect(entries[0]).toMatchObject({
    atMs: 1000,
    requestId: 'req_0',
    details: { code: 'unauthorized', until: '1970-01-01T00:00:01.004Z' },
  });
  expect(denials.take()).toEqual([]);
});

test('who was known is told apart from who was not', () => {
  const denials = createDenials();
  denials.add(attempt(), 1);
  denials.add(attempt({ actor: { kind: 'key', id: 'key_1', name: 'ci', role: 'viewer' } }), 1);
  expect(denials.take().map(({ actor }) => actor.kind)).toEqual(['anonymous', 'key']);
});

test('any number of sources is a bounded number of entries, and every attempt is counted', () => {
  const denials = createDenials();
  const rows: number[] = [];
  let source = 0;
  for (let minute = 0; minute < 60; minute++) {
    for (let i = 0; i < 1000; i++) denials.add(attempt({ address: `2001:db8::${(source++).toString(16)}` }), minute);
    const entries = denials.take();
    rows.push(entries.length);
    expect(countOf(entries)).toBe(1000);
  }
  expect(rows[0]).toBe(201);
  expect(rows.slice(1)).toEqual(Array.from({ length: 59 }, () => 21));
});

test('long and broken texts make neither long nor many entries', () => {
  const denials = createDenials();
  for (let i = 0; i < 100; i++) denials.add(attempt({ action: `${'x'.repeat(1000)}${i}` }), 1);
  expect(denials.take()).toHaveLength(1);
});
