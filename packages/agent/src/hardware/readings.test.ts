import { tmpdir, totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { parseCgroupCache, parseMemInfo, parseProcStat, readCpuTimes, readDisk, readMemory, readMemoryLimit } from './readings.ts';

test("processor time comes from the first line of Linux's counters: idle and waiting apart, guests not twice", () => {
  const text = 'cpu  100 10 50 800 40 5 5 10 70 7\ncpu0 50 5 25 400 20 2 2 5 35 3\n';
  expect(parseProcStat(text)).toEqual({ total: 1020, busy: 180 });
  expect(parseProcStat('nonsense')).toBeUndefined();
});

test("memory comes from Linux's own estimate of what is available", () => {
  const text = 'MemTotal:       16000 kB\nMemFree:          100 kB\nMemAvailable:    9000 kB\n';
  expect(parseMemInfo(text)).toEqual({ totalBytes: 16_000 * 1024, availableBytes: 9000 * 1024 });
  expect(parseMemInfo('MemTotal:       16000 kB\n')).toBeUndefined();
});

test('file cache of a control group counts as free, in both versions', () => {
  expect(parseCgroupCache('anon 5\nactive_file 100\ninactive_file 20\n')).toBe(120);
  expect(parseCgroupCache('cache 900\nactive_file 1\ninactive_file 2\ntotal_active_file 100\ntotal_inactive_file 20\n')).toBe(120);
  expect(parseCgroupCache('')).toBe(0);
});

test.each(['linux', 'freebsd'] as const)('a real machine gives sensible numbers, read the way of %s', async (platform) => {
  const times = await readCpuTimes(platform);
  expect(times.total).toBeGreaterThanOrEqual(times.busy);
  const memory = await readMemory(platform);
  expect(memory.usedBytes).toBeGreaterThan(0);
  expect(memory.availableBytes).toBeGreaterThan(0);
  expect(memory.availableBytes).toBeLessThanOrEqual(totalmem());
  expect(readMemoryLimit()).toBeLessThanOrEqual(totalmem());
});

test('the disk is the one of the folder', async () => {
  const { totalBytes, freeBytes } = await readDisk(tmpdir());
  expect(totalBytes).toBeGreaterThan(0);
  expect(freeBytes).toBeLessThanOrEqual(totalBytes);
});
