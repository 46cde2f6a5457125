import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingVerdicts, type Inspection } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { inspectBytes } from './inspect-source.ts';

const folder = join(import.meta.dirname, '__fixtures__');
const read = (...path: string[]) => readFileSync(join(folder, ...path));
const readJson = (...path: string[]) => JSON.parse(read(...path).toString('utf8')) as unknown;

describe('files made by the formats’ own libraries are what those say, and safe', () => {
  const expected = readJson('expected.json') as Record<string, Omit<Inspection, 'verdict' | 'reasons'>>;

  test('every file has its expectation', () => {
    expect(readdirSync(join(folder, 'valid')).sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(Object.entries(expected))('%s', async (name, { metadata, ...facts }) => {
    const inspection = await inspectBytes(read('valid', name));
    expect(inspection).toMatchObject({ ...facts, metadata, verdict: 'safe', reasons: [] });
  });
});

describe('files that attack', () => {
  const cases = readJson('hostile', 'cases.json') as Record<
    string,
    { group: string; verdict: 'suspicious' | 'dangerous'; codes: string[] }
  >;

  test.each(Object.entries(cases).map(([name, one]) => [one.group, name, one] as const))(
    'attack %s: %s',
    async (_, name, { verdict, codes }) => {
      const inspection = await inspectBytes(read('hostile', name));
      expect(inspection.reasons.map(({ code }) => code)).toEqual(expect.arrayContaining(codes));
      expect(inspection.verdict).toBe(verdict);
      for (const { code } of inspection.reasons) expect(findingVerdicts).toHaveProperty(code);
    },
  );
});
