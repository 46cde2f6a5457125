import { expect, test } from 'vitest';
import { createAnswerRecords } from './answer-records.ts';

const events = (text: string) => Buffer.from(text.replaceAll('|', '\n\n'));
const open = (mostBytes?: number) => createAnswerRecords(() => 0, mostBytes).open();

test('events are passed on whole, however their bytes arrive', () => {
  const whole = events('data: {"a":"ü"}|: comment|data: [DONE]|');
  for (let length = 1; length <= whole.length; length++) {
    const record = open();
    const passed: Buffer[] = [];
    for (let at = 0; at < whole.length; at += length) {
      const chunk = record.take(whole.subarray(at, at + length));
      if (chunk.length > 0) expect(chunk.toString().endsWith('\n\n')).toBe(true);
      passed.push(chunk);
    }
    expect(Buffer.concat(passed)).toEqual(whole);
    expect(record.read()).toBe(whole.toString());
  }
});

test('the beginning of an event that was cut off is forgotten, and another stream goes on cleanly', () => {
  const record = open();
  record.take(events('data: 1|data: 2'));
  record.cut();
  expect(record.take(events('data: 3|')).toString()).toBe('data: 3\n\n');
  expect(record.read()).toBe('data: 1\n\ndata: 3\n\n');
});

test.each([
  ['data: {"choices":[]}|', false],
  [': keep-alive|', false],
  ['data: {"choices":[]}|data: [DONE]|', true],
  ['data: {"error":{"code":"overloaded"}}|', true],
])('after %j the stream has ended: %s', (text, hasEnded) => {
  const record = open();
  record.take(events(text));
  expect(record.hasEnded).toBe(hasEnded);
});

test('the time is that between the first and the last event', () => {
  let now = 1000;
  const record = createAnswerRecords(() => now).open();
  record.take(events('data: 1|'));
  now = 1700;
  record.take(events('data: 2|'));
  now = 9000;
  record.take(events('data: 3'));
  expect(record.spanMs).toBe(700);
});

test('an answer that is too long is passed on, and not kept', () => {
  const record = open();
  const noise = (seed: number) => Buffer.from(`data: ${String.fromCharCode(97 + (seed % 26)).repeat(40_000)}\n\n`);
  for (let count = 0; count < 40; count++) expect(record.take(noise(count))).toEqual(noise(count));
  expect(record.read()).toBeUndefined();
});

test('all answers together stay within bounds, and one that is closed makes room', () => {
  const records = createAnswerRecords(() => 0, 2500);
  const kept = () => {
    const record = records.open();
    record.take(events('data: 1|'));
    return record;
  };
  const [first, second, third] = [kept(), kept(), kept()];
  expect([first, second, third].map((record) => record.read())).toEqual(['data: 1\n\n', 'data: 1\n\n', undefined]);
  first.close();
  first.close();
  expect([kept(), kept()].map((record) => record.read())).toEqual(['data: 1\n\n', undefined]);
});
