import { describe, expect, test } from 'vitest';
import { boundSource, bufferSource, OutsideOfSource, sliceSource } from './byte-source.ts';
import { Cursor } from './cursor.ts';

const bytes = Buffer.from('0123456789');
const readInto = (target: Buffer, offset: number) => bytes.copy(target, 0, offset, offset + target.length);

describe('attack 9: a claim', () => {
  test.each([
    [0, 11],
    [10, 1],
    [-1, 2],
    [0, -1],
    [0, 2 ** 31],
    [0, 2 ** 62],
    [2 ** 53, 1],
    [0.5, 1],
    [0, Number.NaN],
  ])('of bytes at %d, %d of them, is refused before memory is taken for it', (offset, length) => {
    for (const source of [boundSource(10, readInto), bufferSource(bytes), sliceSource(boundSource(10, readInto), 0, 10)])
      expect(() => source.read(offset, length)).toThrow(OutsideOfSource);
  });
});

test('a slice cannot be left', () => {
  const slice = sliceSource(bufferSource(bytes), 2, 3);
  expect(slice.read(0, 3).toString()).toBe('234');
  expect(() => slice.read(1, 3)).toThrow(OutsideOfSource);
  expect(() => sliceSource(bufferSource(bytes), 8, 3)).toThrow(OutsideOfSource);
});

test('a file that shrinks while it is read ends the reading', () => {
  expect(() => boundSource(20, readInto).read(0, 20)).toThrow(OutsideOfSource);
});

test('a cursor reads lines and bytes, and stops at the end', () => {
  const cursor = new Cursor(bufferSource(Buffer.from('ab\ncd\nrest')));
  expect([cursor.line(10).toString(), cursor.line(2).toString(), cursor.position]).toEqual(['ab', 'cd', 6]);
  expect(() => cursor.line(10)).toThrow(OutsideOfSource);
  expect(() => new Cursor(bufferSource(Buffer.alloc(100))).line(10)).toThrow(OutsideOfSource);
});
