import { expect, test } from 'vitest';
import { toKeepAliveSeconds } from './keep-alive.ts';

test.each([
  [300, 300],
  [0, 0],
  ['0', 0],
  [-1, -1],
  [-5.5, -1],
  ['5m', 300],
  ['1h30m', 5400],
  ['1.5s', 1.5],
  ['250ms', 0.25],
  ['-1s', -1],
  ['-0s', 0],
  ['45', 45],
  [undefined, undefined],
  [null, undefined],
  ['', undefined],
])('%j is %j seconds', (given, seconds) => expect(toKeepAliveSeconds(given)).toBe(seconds));

test.each(['5 minutes', 'm', '5x', '1h-5m', 'for ever'])('%j is refused', (given) => {
  expect(() => toKeepAliveSeconds(given)).toThrow('"keep_alive" is not a duration');
});
