import { availableParallelism, tmpdir } from 'node:os';
import { hardwareFactsShape, nodeMetricsShape } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { expect, test, vi } from 'vitest';
import { openHardware, toUtilization } from './open-hardware.ts';

test('utilization is the busy share of the time between two readings', () => {
  expect(toUtilization({ busy: 10, total: 100 }, { busy: 35, total: 150 })).toBe(0.5);
  expect(toUtilization({ busy: 10, total: 100 }, { busy: 10, total: 100 })).toBe(0);
  expect(toUtilization({ busy: 10, total: 100 }, { busy: 5, total: 150 })).toBe(0); // counters that went back
});

test('this machine is described in the words of the contract, and measured every two seconds', async () => {
  const clock = createManualClock();
  const stop = new AbortController();
  const hardware = await openHardware({ dataFolder: tmpdir(), clock, log: silentLogger }, stop.signal);
  expect(hardwareFactsShape.parse(hardware.facts)).toMatchObject({ cpuCores: availableParallelism() });
  const first = hardware.metrics();
  expect(nodeMetricsShape.omit({ tokensPerSecond: true }).parse(first)).toEqual(first);
  await clock.advance(1999);
  expect(hardware.metrics()).toBe(first);
  await clock.advance(2);
  await vi.waitFor(() => expect(hardware.metrics()).not.toBe(first), { timeout: 30_000 });
  stop.abort();
});

test('a folder that is not there is an error at once, not a machine without a disk', async () => {
  const opening = openHardware(
    { dataFolder: '/nowhere/at/all', clock: createManualClock(), log: silentLogger },
    new AbortController().signal,
  );
  await expect(opening).rejects.toThrow('ENOENT');
});
