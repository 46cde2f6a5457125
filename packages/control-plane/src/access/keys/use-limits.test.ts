import { describe, expect, test } from 'vitest';
import { createUseLimits } from './use-limits.ts';

const at = Date.UTC(2026, 10, 28, 12, 0, 30);
const minute = 60_000;

describe('the requests of a key', () => {
  test('are refused above the limit, until the minute is over', () => {
    const limits = createUseLimits();
    limits.begin('a', { requestsPerMinute: 2 }, at);
    limits.begin('a', { requestsPerMinute: 2 }, at);
    expect(() => limits.begin('a', { requestsPerMinute: 2 }, at)).toThrow(
      expect.objectContaining({ code: 'quota_exceeded', retryAfterSeconds: 30 }),
    );
    expect(() => limits.begin('a', { requestsPerMinute: 2 }, at + minute)).not.toThrow();
  });

  test('of another key do not count', () => {
    const limits = createUseLimits();
    limits.begin('a', { requestsPerMinute: 1 }, at);
    expect(() => limits.begin('b', { requestsPerMinute: 1 }, at)).not.toThrow();
  });
});

describe.each([
  ['tokensPerMinute', minute, 30],
  ['tokensPerDay', 24 * 60 * minute, 12 * 3600 - 30],
  ['tokensPerMonth', 31 * 24 * 60 * minute, 2.5 * 24 * 3600 - 30],
] as const)('%s', (name, later, seconds) => {
  test('ends the use until the span is over', () => {
    const limits = createUseLimits();
    limits.addTokens('a', 99, at);
    expect(() => limits.begin('a', { [name]: 100 }, at)).not.toThrow();
    limits.addTokens('a', 1, at);
    expect(() => limits.begin('a', { [name]: 100 }, at)).toThrow(
      expect.objectContaining({ code: 'quota_exceeded', retryAfterSeconds: seconds }),
    );
    expect(() => limits.begin('a', { [name]: 100 }, at + later)).not.toThrow();
  });
});
