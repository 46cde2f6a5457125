import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readLines } from './read-lines.ts';

const linesOf = (chunks: readonly Buffer[], most = 100) => Array.fromAsync(readLines(Readable.from(chunks), most));

test('lines come whole, however the bytes were cut', async () => {
  const bytes = Buffer.from('one\ntwo é\n\nrest without an end');
  const single = [...bytes].map((byte) => Buffer.from([byte]));
  expect(await linesOf([bytes])).toEqual(['one', 'two é', '']);
  expect(await linesOf(single)).toEqual(['one', 'two é', '']);
});

test('a line without end is not collected for ever', async () => {
  await expect(linesOf([Buffer.alloc(60), Buffer.alloc(60)])).rejects.toMatchObject({ code: 'payload_too_large' });
});
