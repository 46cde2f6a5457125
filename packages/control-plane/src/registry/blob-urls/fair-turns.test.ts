import { expect, test } from 'vitest';
import { createFairTurns } from './fair-turns.ts';

const turnOfLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

test('so many go through in one turn of the event loop, in the order in which they came, and those who come meanwhile go last', async () => {
  const takeTurn = createFairTurns(2);
  const gone: string[] = [];
  const pass = (name: string) => takeTurn().then(() => gone.push(name));
  const all = ['a', 'b', 'c', 'd', 'e'].map(pass);
  expect(gone).toEqual([]);
  await turnOfLoop();
  expect(gone).toEqual(['a', 'b']);
  all.push(pass('late'));
  await turnOfLoop();
  expect(gone).toEqual(['a', 'b', 'c', 'd']);
  await Promise.all(all);
  expect(gone).toEqual(['a', 'b', 'c', 'd', 'e', 'late']);
  await pass('alone'); // also after it was empty
});
