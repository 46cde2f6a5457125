import { expect, test } from 'vitest';
import { createByteBudget } from './byte-budget.ts';

const never = new AbortController().signal;

/** Notes who got through. */
function follow(taking: Promise<() => void>, name: string, through: string[]) {
  return taking.then((giveBack) => {
    through.push(name);
    return giveBack;
  });
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('lets pieces through in order, as far as there is room', async () => {
  const budget = createByteBudget(100);
  const through: string[] = [];
  const a = await follow(budget.take(60, never), 'a', through);
  const b = follow(budget.take(60, never), 'b', through);
  const c = follow(budget.take(10, never), 'c', through); // would fit, but came later
  await settle();
  expect(through).toEqual(['a']);
  a();
  a(); // twice is once
  await Promise.all([b, c]);
  expect(through).toEqual(['a', 'b', 'c']);
});

test('a piece larger than everything goes alone', async () => {
  const budget = createByteBudget(100);
  const giveBack = await budget.take(500, never);
  const through: string[] = [];
  const next = follow(budget.take(1, never), 'next', through);
  await settle();
  expect(through).toEqual([]);
  giveBack();
  await next;
});

test('whoever gives up makes room for those behind', async () => {
  const budget = createByteBudget(100);
  await budget.take(60, never);
  const impatient = new AbortController();
  const large = budget.take(90, impatient.signal);
  const small = budget.take(10, never);
  impatient.abort(new Error('enough'));
  await expect(large).rejects.toThrow('enough');
  await small;
});
