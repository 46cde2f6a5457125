import { expect, test } from 'vitest';
import { awaitsCompany } from './await-company.ts';

const fresh = (firstTokenAt: number) => ({ generated: 1, firstTokenAt });

test('an answer that has just begun waits for a prompt that is nearly read', () => {
  expect(awaitsCompany([fresh(1000)], 1000, 90)).toBe(true);
});

test('not for one that takes long', () => {
  expect(awaitsCompany([fresh(1000)], 1000, 1600)).toBe(false);
});

test('not again and again: the oldest first token counts', () => {
  expect(awaitsCompany([fresh(1000), fresh(2200)], 2450, 90)).toBe(false);
});

test('never while an answer is on its way', () => {
  expect(awaitsCompany([fresh(1000), { generated: 2, firstTokenAt: 900 }], 1000, 90)).toBe(false);
});

test('not where nothing is read, or nothing could go on', () => {
  expect(awaitsCompany([fresh(1000)], 1000, 0)).toBe(false);
  expect(awaitsCompany([], 1000, 90)).toBe(false);
});
