import { expect, test } from 'vitest';
import { createGroupCosts, type GroupCosts, planGroups } from './plan-groups.ts';

const costsOf = (table: Readonly<Record<number, number>>): GroupCosts => ({ of: (n) => table[n], learn() {} });
/** Milliseconds that were measured on a server CPU. */
const measured = costsOf({ 1: 9, 2: 30, 3: 34, 4: 39, 7: 53, 8: 49, 16: 69 });

test('eight neighbours go together, in the order of their ids', () => {
  expect(planGroups([3, 1, 0, 2, 7, 6, 5, 4], measured)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
});

test('where two cost more together than one after another, they are parted by falling ids', () => {
  expect(planGroups([0, 1], measured)).toEqual([[1], [0]]);
});

test('a hole parts what lies on its sides', () => {
  const together = costsOf({ 1: 9, 2: 10, 3: 11 });
  expect(planGroups([0, 1, 4, 5, 6], together)).toEqual([
    [4, 5, 6],
    [0, 1],
  ]);
});

test('long runs stay whole, whatever was measured', () => {
  const slots = [0, 1, 2, 3, 4, 5];
  expect(planGroups(slots, costsOf({ 1: 1, 6: 1000 }))).toEqual([slots]);
});

test('a small gain is not worth it', () => {
  expect(planGroups([0, 1], costsOf({ 1: 10, 2: 22 }))).toEqual([[0, 1]]);
});

test('what is not known is tried: the whole first, then one by one', () => {
  const costs = createGroupCosts();
  expect(planGroups([0, 1, 2], costs)).toEqual([[0, 1, 2]]);
  for (let i = 0; i < 3; i++) costs.learn([[0, 1, 2]], 60);
  expect(planGroups([0, 1, 2], costs)).toEqual([[2], [1], [0]]);
  for (let i = 0; i < 3; i++) costs.learn([[2], [1], [0]], 27);
  expect(costs.of(1)).toBe(9);
  expect(planGroups([0, 1, 2], costs)).toEqual([[2], [1], [0]]);
});

test('one slow decode does not change the plan, lasting change does', () => {
  const costs = createGroupCosts();
  for (let i = 0; i < 5; i++) costs.learn([[0]], 9);
  for (let i = 0; i < 5; i++) costs.learn([[0, 1]], 30);
  costs.learn([[0]], 900);
  expect(costs.of(1)).toBe(9);
  for (let i = 0; i < 9; i++) costs.learn([[0]], 90);
  expect(costs.of(1)).toBe(90);
});

test('of a mixed decode each size learns its share, where the sizes are known', () => {
  const costs = createGroupCosts();
  costs.learn([[4], [0, 1, 2]], 50);
  expect(costs.of(1)).toBeUndefined();
  for (let i = 0; i < 9; i++) {
    costs.learn([[0]], 10);
    costs.learn([[0, 1, 2]], 30);
  }
  for (let i = 0; i < 9; i++) costs.learn([[4], [0, 1, 2]], 80);
  expect([costs.of(1), costs.of(3)]).toEqual([20, 60]);
});

test('what was learnt long ago is tried again', () => {
  const costs = createGroupCosts();
  for (let i = 0; i < 3; i++) costs.learn([[0, 1]], 30);
  for (let i = 0; i < 500; i++) costs.learn([[0]], 9);
  expect(costs.of(2)).toBeUndefined();
  costs.learn([[0, 1]], 30);
  expect(costs.of(2)).toBe(30);
});
