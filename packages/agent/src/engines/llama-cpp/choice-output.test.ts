import { expect, test } from 'vitest';
import { createChoiceOutput } from './choice-output.ts';
import { createStopFilter } from './stop-strings.ts';
import { createTokenText } from './token-text.ts';

/** Feeds an output with tokens, each a word of its own, and gives what it showed after each and at the end. */
function show(words: readonly string[], stop: readonly string[]) {
  const shown: { text: string; tokens: readonly string[] }[] = [];
  const output = createChoiceOutput({
    tokenText: createTokenText((tokens) => tokens.map((token) => words[token]).join('')),
    stopFilter: createStopFilter(stop),
    toLogprob: (token) => ({ token: words[token] ?? '', bytes: [], logprob: 0, top: [] }),
    show: (text, logprobs = []) => shown.push({ text, tokens: logprobs.map(({ token }) => token) }),
  });
  for (const token of words.keys()) if (output.push({ token, logprobs: { chosen: 0, top: [] } }) === 'stop') break;
  output.end();
  return shown;
}

test('a token of which a part is held back is held back as a whole', () => {
  expect(show(['one', ' two', ' three', '.'], ['wo!'])).toEqual([
    { text: 'one', tokens: ['one'] },
    { text: ' two three', tokens: [' two', ' three'] },
    { text: '.', tokens: ['.'] },
  ]);
});

test('before a stop string the part of its token that comes before it is shown', () => {
  expect(show(['one', ' two', ' three'], ['wo th'])).toEqual([
    { text: 'one', tokens: ['one'] },
    { text: ' t', tokens: [] },
  ]);
});
