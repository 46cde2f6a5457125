import { Readable } from 'node:stream';
import { ClusterError } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { AnswerBody } from './answer-body.ts';
import { createAnswerRecords } from './answer-records.ts';

const event = 'data: {"choices":[]}\n\n';
const openRecord = () => createAnswerRecords(() => 0).open();
const closed = (body: AnswerBody) => new Promise((resolve) => body.once('close', resolve));

async function* breakAfter(...pieces: readonly string[]) {
  for (const piece of pieces) yield Buffer.from(piece);
  throw new ClusterError('engine_crashed', 'Gone.');
}

test.each([
  ['read to its end', Readable.from([event, 'data: [DONE]\n\n'].map((text) => Buffer.from(text))), (body: AnswerBody) => body.resume()],
  ['broken', Readable.from(breakAfter(event)), (body: AnswerBody) => body.resume()],
  ['closed by its reader', Readable.from(breakAfter(event)), (body: AnswerBody) => body.destroy()],
])('an answer that was %s gives back the memory of what it kept', async (_, upstream, finish) => {
  const record = openRecord();
  const body = new AnswerBody(upstream, record);
  await body.begun.catch(() => {});
  finish(body);
  await closed(body);
  expect(record.read()).toBeUndefined();
});

test('a stream that breaks after its end mark is complete', async () => {
  const body = new AnswerBody(Readable.from(breakAfter(event, 'data: [DONE]\n\n')), openRecord());
  expect((await body.toArray()).join('')).toBe(`${event}data: [DONE]\n\n`);
});

test('whoever handles a break may go on with another stream, and its break is handled too', async () => {
  const body = new AnswerBody(Readable.from(breakAfter('data: 1\n\n', 'data: hal')), openRecord());
  const others = [Readable.from(breakAfter('data: 2\n\nda')), Readable.from([Buffer.from('data: [DONE]\n\n')])];
  const failures: string[] = [];
  body.onBreak = ({ code }) => {
    failures.push(code);
    body.continueWith(others.shift() as Readable);
  };
  expect((await body.toArray()).join('')).toBe('data: 1\n\ndata: 2\n\ndata: [DONE]\n\n');
  expect(failures).toEqual(['engine_crashed', 'engine_crashed']);
});
