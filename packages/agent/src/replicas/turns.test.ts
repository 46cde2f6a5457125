import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

const forever = new AbortController().signal;
const settled = async (promise: Promise<unknown>) =>
  (await Promise.race([promise.then(() => true), new Promise((r) => setImmediate(r, false))])) === true;

test('one at a time, in the order of coming', async () => {
  const turns = createTurns();
  const first = await turns.take(forever);
  const second = turns.take(forever);
  const third = turns.take(forever);
  expect(await settled(second)).toBe(false);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  await third;
});

test('whoever leaves the queue holds up nobody and lets nobody pass', async () => {
  const turns = createTurns();
  const first = await turns.take(forever);
  const leaver = new AbortController();
  const second = turns.take(leaver.signal);
  const third = turns.take(forever);
  leaver.abort(new Error('left'));
  await expect(second).rejects.toThrow('left');
  expect(await settled(third)).toBe(false);
  first[Symbol.dispose]();
  await third;
});
