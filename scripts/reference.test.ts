import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '@cluster-ai/contracts';
import { readConfig } from '@cluster-ai/control-plane';
import { expect, test } from 'vitest';
import { referenceFiles } from './lib/reference-files.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

test.each(Object.entries(referenceFiles))('%s says what the code says (npm run docs)', (path, render) => {
  expect(read(path)).toBe(render());
});

test('the sample configuration changes nothing', async () => {
  expect(await readConfig(join(import.meta.dirname, '../docs/cluster.sample.yaml'))).toEqual(defaultConfig());
});

test('the readme in each language names the two commands and the other language', () => {
  for (const [path, other] of [
    ['README.md', 'README.pt-BR.md'],
    ['README.pt-BR.md', 'README.md'],
  ] as const) {
    const text = read(path);
    expect(text.split('\n')[0]).toContain(other);
    expect(text).toContain('npm start');
    expect(text).toContain('npm test');
  }
});

test('both readmes have the same sections and the same commands', () => {
  const blocks = (text: string) => [...text.matchAll(/```(?:sh|bash)\n([\s\S]*?)```/g)].map(([, code]) => code?.replace(/\s+#.*$/gm, ''));
  const headings = (text: string) => [...text.matchAll(/^#+ /gm)].map(([mark]) => mark);
  expect(headings(read('README.pt-BR.md'))).toEqual(headings(read('README.md')));
  expect(blocks(read('README.pt-BR.md'))).toEqual(blocks(read('README.md')));
});
