import { describe, expect, test } from 'vitest';
import { joinPast, toLoadPoints } from './load-points.ts';

const point = (at: number, tokensPerSecond: number | null = at) => ({ at, tokensPerSecond });

test('the cluster’s samples are put on the page’s clock', () => {
  const sample = { at: '2026-01-01T00:00:00.000Z', tokensPerSecond: 4, activeRequests: 1, queuedRequests: 0 };
  expect(toLoadPoints({ now: '2026-01-01T00:00:06.000Z', samples: [sample] }, 100_000)).toEqual([{ at: 94_000, tokensPerSecond: 4 }]);
});

describe('the past and what the page saw', () => {
  test('are one line without doubles; the past fills what the page missed', () => {
    const past = [point(2000), point(4000), point(6000)];
    const own = [point(1000), point(4100), point(5000, null), point(7000)];
    expect(joinPast(past, own)).toEqual([point(1000), point(2000), point(4000), point(6000), point(7000)]);
  });

  test('have a gap where nobody looked: within the past, before it and after it', () => {
    const past = [point(100_000), point(130_000)];
    const own = [point(1000), point(150_000)];
    expect(joinPast(past, own).map(({ tokensPerSecond }) => tokensPerSecond)).toEqual([1000, null, 100_000, null, 130_000, null, 150_000]);
  });

  test('are what the page saw where the cluster remembers nothing', () => {
    expect(joinPast([], [point(1)])).toEqual([point(1)]);
  });

  test('end after a quarter of an hour', () => {
    const past = Array.from({ length: 300 }, (_, index) => point(index * 2000));
    const own = Array.from({ length: 450 }, (_, index) => point(600_000 + index * 2000));
    expect(joinPast(past, own)).toEqual(own);
  });
});
