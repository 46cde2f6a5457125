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
  [{ cookie: '__Host-cai_session=s2' }, { kind: 'none' }],
  [{ cookie: 'cai_session=s1; cai_session=s2' }, { kind: 'none' }],
  [{ cookie: 'xcai_session=s1; cai_sessions=s2; cai_session=' }, { kind: 'none' }],
  [
    { authorization: 'Bearer abc', cookie: 'cai_session=s1' },
    { kind: 'bearer', text: 'abc' },
  ],
])('%j', (headers, expected) => {
  expect(readCredential(headers, false)).toEqual(expected);
});

test('with TLS only a cookie that no other host could have set is taken', () => {
  const cookie = 'cai_session=planted; __Host-cai_session=s2';
  expect(readCredential({ cookie }, true)).toEqual({ kind: 'cookie', text: 's2' });
  expect(readCredential({ cookie: 'cai_session=planted' }, true)).toEqual({ kind: 'none' });
});

test.each([
  ['two keys that differ', { authorization: 'Bearer abc', 'x-api-key': 'def' }],
  ['a key of a megabyte', { authorization: `Bearer ${'x'.repeat(1024 * 1024)}` }],
])('attack 6: %s are refused', (_, headers) => {
  expect(() => readCredential(headers, false)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
});

test.each([['api-key'], ['x-goog-api-key'], ['x-auth-token'], ['proxy-authorization'], ['authentication']])(
  'attack 6: a key in %s is not looked at',
  (name) => {
    expect(readCredential({ [name]: 'cai_sk_x' }, false)).toEqual({ kind: 'none' });
  },
);
