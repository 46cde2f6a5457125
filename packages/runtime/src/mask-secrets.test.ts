import { expect, test } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

test.each([
  ['postgres://cluster:pa55w0rd@db:5432/state', 'postgres://cluster:[redacted]@db:5432/state'],
  ['postgres://cluster:p@ss@db/state', 'postgres://cluster:[redacted]@db/state'],
  ['https://:only-password@host/', 'https://:[redacted]@host/'],
  ['{"url":"https://me:hidden@host/x","next":"a@b"}', '{"url":"https://me:[redacted]@host/x","next":"a@b"}'],
  ['https://host/hook?token=abc123&x=1', 'https://host/hook?token=[redacted]&x=1'],
  ['cai_join_k1.abcdefghijkl.zzz: used', 'cai_join_[redacted]: used'],
  ['Authorization: Bearer cai_sk_abcdefgh', 'Authorization: Bearer [redacted]'],
  ['CLUSTER_AI_KEY=AAAA/BBB+= node', 'CLUSTER_AI_KEY=[redacted] node'],
])('%s', (text, masked) => {
  expect(maskSecrets(text)).toBe(masked);
});

test.each(['http://127.0.0.1:3000/ui', 'me@example.org', '10:20:30 a@b', 'https://user@host/path', 'file:///a:b@c', 'the bearer of news'])(
  '%s stays',
  (text) => {
    expect(maskSecrets(text)).toBe(text);
  },
);
