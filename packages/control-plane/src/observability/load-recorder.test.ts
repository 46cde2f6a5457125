import { createManualClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createLoadRecorder } from './load-recorder.ts';

async function record(times: number) {
  const clock = createManualClock();
  const stop = new AbortController();
  let rate = 0;
  const recorder = createLoadRecorder({ gateway: { measure: () => ({ tokensPerSecond: rate++, active: 2, queued: 1 }) }, clock });
  const running = recorder.run(stop.signal);
  for (let count = 1; count < times; count++) await clock.advance(2000);
  stop.abort();
  await running;
  return recorder.samples();
}

test('every two seconds the load is noted, from the start on', async () => {
  const samples = await record(3);
  expect(samples.map(({ tokensPerSecond }) => tokensPerSecond)).toEqual([0, 1, 2]);
  expect(samples[0]).toMatchObject({ activeRequests: 2, queuedRequests: 1 });
  const [first = '', , last = ''] = samples.map(({ at }) => at);
  expect(Date.parse(last) - Date.parse(first)).toBe(4000);
});

test('ten minutes are kept, and nothing older', async () => {
  const samples = await record(1000);
  expect(samples).toHaveLength(300);
  expect(samples.at(-1)?.tokensPerSecond).toBe(999);
});
