import { createManualClock } from '@cluster-ai/runtime';
import { describe, expect, test } from 'vitest';
import { createFetchPace, toWindow } from './pace-fetches.ts';

const forever = new AbortController().signal;
const PIECE = 16 * 1024;

/** A path that carries `bytesPerMs`, read for some time; gives what came in it. */
function openPath(isBusy: () => boolean) {
  const clock = createManualClock();
  const windows: number[] = [];
  const flow = createFetchPace({ clock, isBusy }).open((bytes) => windows.push(bytes));
  let earliestMs = 0;
  const readFor = async (ms: number, bytesPerMs: number) => {
    const untilMs = clock.monotonic() + ms;
    let bytes = 0;
    while (clock.monotonic() < untilMs) {
      earliestMs = Math.max(earliestMs + PIECE / bytesPerMs, clock.monotonic());
      if (earliestMs > clock.monotonic()) await clock.advance(earliestMs - clock.monotonic());
      let isDone = false;
      const passed = flow.passed(PIECE, forever).then(() => {
        isDone = true;
      });
      while (!isDone) {
        await Promise.resolve();
        if (!isDone) await clock.advance(1);
      }
      await passed;
      bytes += PIECE;
    }
    return bytes / ms;
  };
  return { readFor, windows };
}

describe('a fetch', () => {
  test('takes everything while no tokens flow', async () => {
    const { readFor, windows } = openPath(() => false);
    expect(await readFor(5000, 1000)).toBeGreaterThan(980);
    expect(windows).toEqual([]);
  });

  test.each([100, 1000, 12_000])('takes about seven tenths of a path of %d bytes a millisecond while tokens flow', async (bytesPerMs) => {
    const { readFor, windows } = openPath(() => true);
    await readFor(1000, bytesPerMs);
    const rate = await readFor(5000, bytesPerMs);
    expect(rate / bytesPerMs).toBeGreaterThan(0.62);
    expect(rate / bytesPerMs).toBeLessThan(0.76);
    expect(windows[0]).toBeCloseTo(toWindow(bytesPerMs), -4);
  });

  test('goes on at full speed when they end', async () => {
    let isBusy = true;
    const { readFor } = openPath(() => isBusy);
    await readFor(2000, 1000);
    isBusy = false;
    await readFor(100, 1000);
    expect(await readFor(3000, 1000)).toBeGreaterThan(980);
  });

  test('finds out that the path has become faster', async () => {
    const { readFor } = openPath(() => true);
    await readFor(3000, 200);
    await readFor(11_000, 1000);
    expect((await readFor(3000, 1000)) / 1000).toBeGreaterThan(0.6);
  });
});

test('what comes in one burst is what a slow line carries in a moment, and never more than the window of an idle one', () => {
  expect(toWindow(625)).toBeLessThan(64 * 1024); // 5 Mbit/s
  expect(toWindow(1e9)).toBe(8 * 1024 * 1024);
});
