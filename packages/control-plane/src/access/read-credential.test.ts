import { expect, test } from 'vitest';
import { readCredential } from './read-credential.ts';

test.each([
  [{}, { kind: 'none' }],
  [{ authorization: 'Bearer abc' }, { kind: 'bearer', text: 'abc' }],
  [{ authorization: 'bearer  abc ' }, { kind: 'bearer', text: 'abc' }],
  [{ authorization: 'Bearer' }, { kind: 'none' }],
  [{ authorization: 'Basic YTpi' }, { kind: 'none' }],
  [{ 'x-api-key': 'abc' }, { kind: 'bearer', text: 'abc' }],
  [
    { authorization: 'Bearer abc', 'x-api-key': 'abc' },
    { kind: 'bearer', text: 'abc' },
  ],
  [{ cookie: 'a=b; cai_session=s1; c=d' }, { kind: 'cookie', text: 's1' }],
  [{ cookie: '__Host-cai_session=s2' }, { kind: 'cookie', text: 's2' }],
  [{ cookie: 'xcai_session=s1; cai_sessions=s2; cai_session=' }, { kind: 'none' }],
  [
    { authorization: 'Bearer abc', cookie: 'cai_session=s1' },
    { kind: 'bearer', text: 'abc' },
  ],
])('%j', (headers, expected) => {
  expect(readCredential(headers)).toEqual(expected);
});

test.each([
  ['two keys that differ', { authorization: 'Bearer abc', 'x-api-key': 'def' }],
  ['a key of a megabyte', { authorization: `Bearer ${'x'.repeat(1024 * 1024)}` }],
])('attack 6: %s are refused', (_, headers) => {
  expect(() => readCredential(headers)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
});

test.each([['api-key'], ['x-goog-api-key'], ['x-auth-token'], ['proxy-authorization'], ['authentication']])(
  'attack 6: a key in %s is not looked at',
  (name) => {
    expect(readCredential({ [name]: 'cai_sk_x' })).toEqual({ kind: 'none' });
  },
);
