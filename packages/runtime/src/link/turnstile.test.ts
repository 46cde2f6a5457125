import { expect, test } from 'vitest';
import { createTurnstile } from './turnstile.ts';

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

test('one that comes alone passes at once', async () => {
  let hasPassed = false;
  void createTurnstile(3)
    .turn()
    .then(() => {
      hasPassed = true;
    });
  await Promise.resolve();
  expect(hasPassed).toBe(true);
});

test('those that come meanwhile pass together, in order, after the pause', async () => {
  const turnstile = createTurnstile(3);
  const passed: number[] = [];
  for (const number of [1, 2, 3]) void turnstile.turn().then(() => passed.push(number));
  await turnOfLoop();
  expect(passed).toEqual([1]);
  for (let turns = 0; turns < 3; turns++) await turnOfLoop();
  expect(passed).toEqual([1, 2, 3]);
});
