import { parseJoinToken } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { checkJoinToken, makeJoinToken, readJoinToken } from './join-tokens.ts';

const fingerprint = 'F'.repeat(43);
const { text, record } = makeJoinToken({ name: 'lab', isLocal: false, ttlSeconds: 60 }, fingerprint, 1_000_000);
const token = readJoinToken(text, fingerprint);

test('the secret is stored nowhere', () => {
  expect(JSON.stringify(record)).not.toContain(token.secret);
  expect(record).toMatchObject({ name: 'lab', isLocal: false, createdAt: 1_000_000, expiresAt: 1_060_000, usedAt: null });
});

test('a fresh token is taken until its end', () => {
  expect(checkJoinToken(token, record, 1_059_999)).toBe(record);
});

const refused = (code: string) => expect.objectContaining({ code });

test('each refusal has its own code', () => {
  expect(() => readJoinToken('cai_join_x', fingerprint)).toThrow(refused('join_token_invalid'));
  expect(() => readJoinToken(text, 'G'.repeat(43))).toThrow(refused('join_token_foreign'));
  expect(() => checkJoinToken(token, undefined, 1_000_000)).toThrow(refused('join_token_invalid'));
  expect(() => checkJoinToken(token, { ...record, usedAt: 1_000_001 }, 1_000_002)).toThrow(refused('join_token_used'));
  expect(() => checkJoinToken(token, record, 1_060_000)).toThrow(refused('join_token_expired'));
});

test('whoever guesses is not told whether the token was used or has ended', () => {
  const guess = { ...token, secret: 'x'.repeat(43) };
  expect(() => checkJoinToken(guess, { ...record, usedAt: 1 }, 2_000_000)).toThrow(refused('join_token_invalid'));
});

test('no two tokens are alike', () => {
  const tokens = Array.from({ length: 100 }, () =>
    parseJoinToken(makeJoinToken({ name: '', isLocal: false, ttlSeconds: 60 }, fingerprint, 1).text),
  );
  expect(new Set(tokens.map((one) => one?.id)).size).toBe(100);
  expect(new Set(tokens.map((one) => one?.secret)).size).toBe(100);
});
