import { expect, test } from 'vitest';
import { readRange } from './blob-door.ts';

test.each([
  [undefined, undefined],
  ['bytes=0-', { from: 0, to: 99 }],
  ['bytes=40-', { from: 40, to: 99 }],
  ['bytes=40-59', { from: 40, to: 59 }],
  ['bytes=99-1000', { from: 99, to: 99 }],
])('the range %s of 100 bytes', (header, range) => {
  expect(readRange(header, 100)).toEqual(range);
});

test.each(['bytes=100-', 'bytes=60-40', 'bytes=-5', 'bytes=0-1,5-6', 'bytes=1e3-', 'items=0-', 'bytes=9999999999999999999-'])(
  'refuses %s',
  (header) => {
    expect(() => readRange(header, 100)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }));
  },
);
