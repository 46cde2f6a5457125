import { expect, test } from 'vitest';
import { isSameHash, keyPrefix, looksLikeKey, makeKeyText, parseKeyText } from './key-text.ts';

test('a key is found again by its id and the hash of its secret', () => {
  const made = makeKeyText();
  const parsed = parseKeyText(made.text);
  expect(parsed?.id).toBe(made.id);
  expect(parsed && isSameHash(parsed.secretHash, made.secretHash)).toBe(true);
  expect(made.text.startsWith(`${keyPrefix(made.id)}_`)).toBe(true);
});

test('no two keys are alike', () => {
  expect(new Set(Array.from({ length: 100 }, () => makeKeyText().text)).size).toBe(100);
});

test('a key with one letter changed is no key, wherever the letter is', () => {
  const { text } = makeKeyText();
  for (let i = 'cai_sk_'.length; i < text.length; i++) {
    const other = text[i] === 'a' ? 'b' : 'a';
    expect(parseKeyText(text.slice(0, i) + other + text.slice(i + 1))).toBeUndefined();
  }
});

test.each([
  '',
  'cai_sk_',
  'sk-123',
  `${makeKeyText().text} `,
  `${makeKeyText().text}\n`,
  makeKeyText().text.slice(0, -1),
  'x'.repeat(100_000),
])('other text is no key', (text) => {
  expect(parseKeyText(text)).toBeUndefined();
});

test('what was meant to be a key is told from what was not', () => {
  expect(looksLikeKey('cai_sk_wrong')).toBe(true);
  expect(looksLikeKey('sk-anything')).toBe(false);
});
