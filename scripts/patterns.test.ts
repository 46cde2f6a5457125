import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const packages = join(import.meta.dirname, '../packages');
const length = 20_000;
/** A pattern that grows with the square of its text takes seconds for this much. */
const mostMs = 250;

interface Pattern {
  readonly file: string;
  readonly text: string;
}

function patternsOf(file: string): readonly Pattern[] {
  const found: Pattern[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push({ file, text: node.text });
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(file, readFileSync(join(packages, file), 'utf8'), ts.ScriptTarget.Latest));
  return found;
}

/** Every pattern of the programs that strangers can send text to. */
const patterns = ['contracts', 'runtime', 'formats', 'control-plane', 'agent']
  .flatMap((name) => readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).map((file) => join(name, 'src', file)))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('/testing/'))
  .flatMap(patternsOf);

/** What patterns repeat: each character that matters to them, alone and in pairs, with an end that does not fit. */
function* hostileTexts(): Generator<string> {
  const parts = [
    'a',
    'A',
    '0',
    '_',
    '-',
    '.',
    '/',
    ':',
    ' ',
    '\t',
    '\n',
    '"',
    "'",
    '\\',
    '%',
    '=',
    ',',
    ';',
    '<',
    '{',
    '[',
    '(',
    '`',
    '#',
    '*',
    '|',
    'é',
  ];
  for (const part of parts) for (const start of ['', 'a){', '"', 'x[']) yield start + part.repeat(length);
  for (const part of parts.slice(0, 12))
    for (const other of parts.slice(0, 12)) if (part !== other) yield (part + other).repeat(length / 2);
}
const texts = [...hostileTexts()].flatMap((text) => [`${text}\u0000`, `a${text}!\n`]);

function timeOf(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

function toRegExp(text: string): RegExp {
  const end = text.lastIndexOf('/');
  return new RegExp(text.slice(1, end), text.slice(end + 1).replace(/[gy]/g, ''));
}

test('attack 39: no pattern takes long for any text', () => {
  expect(patterns.length).toBeGreaterThan(50);
  const slow = new Set<string>();
  for (const { file, text } of patterns) {
    const pattern = toRegExp(text);
    for (const hostile of texts) {
      // the quickest of a few tries: other load on the machine makes one slow, a bad pattern makes all slow
      let tookMs = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < 3 && tookMs > mostMs; tries++)
        tookMs = Math.min(
          tookMs,
          timeOf(() => pattern.test(hostile)),
        );
      if (tookMs > mostMs) {
        slow.add(`${file}: ${text} took ${Math.round(tookMs)} ms`);
        break;
      }
    }
  }
  expect([...slow]).toEqual([]);
});
