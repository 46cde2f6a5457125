import { aborted } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { sideBySide } from './side-by-side.ts';

test('when one fails, the others are ended and waited for', async () => {
  let hasEnded = false;
  const lasting = async (signal: AbortSignal) => {
    await aborted(signal);
    await Promise.resolve();
    hasEnded = true;
  };
  const failing = async () => {
    throw new Error('broken');
  };
  await expect(sideBySide(new AbortController().signal, [lasting, failing])).rejects.toThrow('broken');
  expect(hasEnded).toBe(true);
});

test('all end when they are told to', async () => {
  const stop = new AbortController();
  const running = sideBySide(stop.signal, [aborted, () => undefined]);
  stop.abort();
  await running;
});
