import type { CatalogVersion, Inspection } from '@cluster-ai/contracts';
import { unknownFacts } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { type Language, pick, type Text } from '../../output/language.ts';
import type { Terminal } from '../../output/terminal.ts';
import { printVersion } from './print-version.ts';

const found = (verdict: Inspection['verdict'], code: string): Inspection => ({
  format: 'pickle',
  framework: 'pytorch',
  parameterCount: null,
  metadata: {},
  verdict,
  reasons: [{ code, detail: 'os.system' }],
});
const version = (inspection: Inspection, allowed: CatalogVersion['allowed'] = null): CatalogVersion => ({
  version: 1,
  semver: null,
  manifestDigest: 'sha256:0',
  framework: 'pytorch',
  sizeBytes: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  source: 'test',
  files: [],
  facts: unknownFacts('pytorch'),
  metadata: {},
  inspection,
  allowed,
  aliases: [],
  tags: {},
});
function print(shown: CatalogVersion, language: Language = 'en'): string {
  const lines: string[] = [];
  const terminal = {
    language,
    tell: (text: string) => text,
    say: (text: Text) => pick(language, text),
    data: (line: string) => lines.push(line),
  };
  printVersion({ terminal: terminal as unknown as Terminal }, shown);
  return lines.join('\n');
}

test('a dangerous version says why, and to get it elsewhere', () => {
  const shown = print(version(found('dangerous', 'pickle_global_dangerous')));
  expect(shown).toMatch(
    /Found +dangerous\nWhy +Loading it would run os\.system\.\nNext +Remove it, and get the model from a source that you trust/,
  );
  expect(print(version(found('dangerous', 'pickle_global_dangerous')), 'pt-BR')).toMatch(
    /Exame +perigoso\nMotivo .*os\.system.*\nA fazer +Remova-o/,
  );
});

test('a suspicious one says how it can be allowed, until it is', () => {
  const inspection = found('suspicious', 'custom_operators');
  expect(print(version(inspection))).toMatch(/Why .*os\.system\.\nNext .*cluster-ai models allow NAME:VERSION --reason/);
  const allowed = print(version(inspection, { reason: 'ours', at: '2026-01-01T00:00:00.000Z' }));
  expect(allowed).toMatch(/Allowed +ours/);
  expect(allowed).not.toContain('Next');
});
