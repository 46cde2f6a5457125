import { describe, expect, test } from 'vitest';
import { applyTexts, countSet, findInvalid, limits, readNumber, toTexts } from './chat-options.ts';

const blank = { temperature: '', top_p: '', max_tokens: '', seed: '', system: '' };

describe('what a person writes', () => {
  test('is a number with a point or a comma; nothing is nothing', () => {
    expect(readNumber('0.7', limits.temperature)).toBe(0.7);
    expect(readNumber(' 0,7 ', limits.temperature)).toBe(0.7);
    expect(readNumber(',5', limits.top_p)).toBe(0.5);
    expect(readNumber('  ', limits.temperature)).toBeUndefined();
  });

  test.each([
    ['temperature', '5.1'],
    ['temperature', '-1'],
    ['temperature', 'hot'],
    ['temperature', '1e3'],
    ['temperature', '1.000,5'],
    ['top_p', '1.01'],
    ['max_tokens', '0'],
    ['max_tokens', '2.5'],
    ['seed', '1.5'],
    ['seed', '99999999999999999999'],
  ] as const)('%s: %s is no value', (name, text) => {
    expect(findInvalid({ ...blank, [name]: text })).toEqual([name]);
  });

  test('becomes the options; an empty field takes one away, and what no field shows stays', () => {
    const before = { temperature: 0.2, top_p: 0.5, stop: ['x'] };
    const texts = { ...toTexts(before, String), temperature: '', seed: '-7', system: ' Be brief.\n' };
    expect(applyTexts(before, texts)).toEqual({ top_p: 0.5, stop: ['x'], seed: -7, system: ' Be brief.\n' });
    expect(applyTexts({ system: 'x' }, { ...blank, system: '  \n' })).toEqual({});
  });

  test('is counted', () => {
    expect(countSet({})).toBe(0);
    expect(countSet({ temperature: 0, system: 'x' })).toBe(2);
  });
});
