import { expect, test } from 'vitest';
import { createBuckets, toSource } from './rate-limits.ts';

test('what was used comes back steadily, and never more than a minute’s worth', () => {
  const buckets = createBuckets(6);
  for (let attempt = 0; attempt < 6; attempt++) expect(buckets.take('a', 0)).toBe(0);
  expect(buckets.take('a', 0)).toBe(10);
  expect(buckets.take('b', 0)).toBe(0);
  expect(buckets.take('a', 9_000)).toBe(1);
  expect(buckets.take('a', 10_000)).toBe(0);
  expect(buckets.take('a', 10_000)).toBe(10);
  const later = Array.from({ length: 8 }, () => buckets.take('a', 10_000_000));
  expect(later.filter((wait) => wait === 0)).toHaveLength(6);
});

test('a clock that goes back gives nothing away', () => {
  const buckets = createBuckets(2);
  expect([buckets.take('a', 60_000), buckets.take('a', 60_000), buckets.take('a', 0)]).toEqual([0, 0, 30]);
});

test('a flood of sources does not fill the memory', () => {
  const buckets = createBuckets(5, 100);
  for (let source = 0; source < 10_000; source++) buckets.take(String(source), 0);
  expect(buckets.size()).toBe(100);
});

test('one IPv6 network is one source', () => {
  expect(toSource('2001:db8:1:2::1')).toBe(toSource('2001:db8:1:2:ffff::9'));
  expect(toSource('2001:db8:1:2::1')).not.toBe(toSource('2001:db8:1:3::1'));
  expect(toSource('::1')).toBe('0:0:0:0');
  expect(toSource('10.0.0.1')).toBe('10.0.0.1');
});
