import { expect, test } from 'vitest';
import { isByteSize, toBytes } from './byte-size.ts';

test.each([
  ['10GB', 10e9],
  ['1.5 TiB', 1.5 * 1024 ** 4],
  [' 512mib ', 512 * 1024 ** 2],
  ['7b', 7],
])('%s is %d bytes', (text, bytes) => {
  expect(toBytes(text)).toBe(bytes);
});

test.each(['10', 'GB', '10 gigabytes', '-1GB', '1e9GB', '10GB of disk'])('%s is no size', (text) => {
  expect(toBytes(text)).toBeUndefined();
  expect(isByteSize(text)).toBe(false);
});

test('an empty text is no number, and allowed', () => {
  expect(toBytes('')).toBeUndefined();
  expect(isByteSize('')).toBe(true);
});
