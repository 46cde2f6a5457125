import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFoldedChunks } from './folded-chunks.ts';

const keep = (chunks: readonly Uint8Array[]) => {
  const folded = createFoldedChunks(() => true);
  for (const chunk of chunks) folded.add(Buffer.from(chunk));
  return folded;
};

test('whatever was kept comes back, byte for byte', () => {
  const few = fc.uint8Array({ max: 2, maxLength: 40 }); // of three values: much is alike by chance
  const event = fc.string().map((text) => Buffer.from(`data: {"delta":{"content":${JSON.stringify(text)}}}\n\n`));
  fc.assert(
    fc.property(fc.array(fc.oneof(few, event, fc.uint8Array({ maxLength: 300 }))), (chunks) => {
      expect(keep(chunks).unfold()).toEqual(Buffer.concat(chunks));
    }),
  );
});

test('chunks larger than a length of 16 bits come back too', () => {
  const large = Buffer.alloc(150_000, 'x');
  expect(keep([large, large, Buffer.from('end')]).unfold()).toEqual(Buffer.concat([large, large, Buffer.from('end')]));
});

test('an event with one token takes a fraction of its length', () => {
  const toEvent = (index: number) =>
    Buffer.from(
      `data: {"id":"chatcmpl-req_1","object":"chat.completion.chunk","created":1700000000,"model":"starter","choices":[{"index":0,"delta":{"content":" w${index}"},"finish_reason":null}]}\n\n`,
    );
  const events = Array.from({ length: 1000 }, (_, index) => toEvent(index));
  const folded = keep(events);
  expect(folded.capacity).toBeLessThan(Buffer.concat(events).length / 8);
});

test('what there is no room for is not kept, and the rest stays', () => {
  let room = 2000;
  const folded = createFoldedChunks((bytes) => {
    room -= bytes;
    return room >= 0;
  });
  expect(folded.add(Buffer.from('small'))).toBe(true);
  expect(folded.add(Buffer.alloc(5000))).toBe(false);
  expect(folded.unfold().toString()).toBe('small');
});
