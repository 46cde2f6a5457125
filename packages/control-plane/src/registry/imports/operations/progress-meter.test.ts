import { createManualClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createProgressMeter } from './progress-meter.ts';

test('speed and time left come from what was fetched, not from what was here before', async () => {
  const clock = createManualClock();
  const meter = createProgressMeter(clock);
  meter.setTotal(11_000);
  meter.report(1000);
  for (let second = 1; second <= 5; second++) {
    await clock.advance(1000);
    meter.report(1000 + second * 1000);
  }
  expect(meter.progress()).toEqual({ bytesDone: 6000, bytesTotal: 11_000, bytesPerSecond: 1000, etaSeconds: 5 });
});

test('what was done once is never taken back, and never more than all', async () => {
  const clock = createManualClock();
  const meter = createProgressMeter(clock, 500);
  meter.setTotal(1000);
  meter.report(100);
  expect(meter.progress().bytesDone).toBe(500);
  meter.report(2000);
  expect(meter.progress().bytesDone).toBe(1000);
});

test('what stands still has no speed and no end', async () => {
  const clock = createManualClock();
  const meter = createProgressMeter(clock);
  meter.setTotal(1000);
  meter.report(0);
  await clock.advance(1000);
  meter.report(500);
  await clock.advance(60_000);
  expect(meter.progress()).toMatchObject({ bytesPerSecond: 0, etaSeconds: null });
});
