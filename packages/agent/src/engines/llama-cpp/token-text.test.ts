import { expect, test } from 'vitest';
import { createTokenText } from './token-text.ts';

/** Each token is one byte. */
const byBytes = createTokenText.bind(undefined, (tokens) => Buffer.from(tokens).toString('utf8'));
const feed = (text: ReturnType<typeof createTokenText>, bytes: Uint8Array) => Array.from(bytes, (byte) => text.push(byte));

test('a character comes when its last byte came', () => {
  expect(feed(byBytes(), Buffer.from('aé你😀'))).toEqual(['a', '', 'é', '', '', '你', '', '', '', '😀']);
});

test('bytes that never become a character do not hold up the rest for ever', () => {
  const text = byBytes();
  expect(feed(text, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x61])).join('')).toMatch(/\uFFFD+a$/u);
});

test('an unfinished character at the end is dropped, what is whole before it is kept', () => {
  const text = createTokenText((tokens) =>
    Buffer.from(tokens.flatMap((token) => (token === 1 ? [0x6f, 0x6b, 0xc3] : [token]))).toString('utf8'),
  );
  expect(text.push(1)).toBe('');
  expect(text.end()).toBe('ok');
  expect(text.end()).toBe('');
});

test('the tokens before are handed over, for vocabularies that write spaces by position', () => {
  const seen: (readonly number[])[] = [];
  const text = createTokenText((tokens, before) => {
    seen.push(before);
    return String(tokens[0]);
  });
  text.push(1);
  text.push(2);
  expect(seen).toEqual([[], [1]]);
});
