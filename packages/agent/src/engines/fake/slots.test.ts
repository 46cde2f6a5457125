import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const forever = new AbortController().signal;

test('whoever waits is let in, in the order of coming, as others leave', async () => {
  const slots = createSlots(1);
  const first = await slots.enter(forever);
  const order: string[] = [];
  const waiting = ['a', 'b'].map(async (name) => {
    const slot = await slots.enter(forever);
    order.push(name);
    slot[Symbol.dispose]();
  });
  expect([slots.busy, slots.queued]).toEqual([1, 2]);
  first[Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(['a', 'b']);
  expect([slots.busy, slots.queued]).toEqual([0, 0]);
});

test('whoever leaves while waiting gives the place up', async () => {
  const slots = createSlots(1);
  const first = await slots.enter(forever);
  const leaving = new AbortController();
  const waiting = slots.enter(leaving.signal);
  leaving.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  first[Symbol.dispose]();
  expect([slots.busy, slots.queued]).toEqual([0, 0]);
});
