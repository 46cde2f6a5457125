import { expect, test } from 'vitest';
import { toNodeName } from './to-node-name.ts';

test.each([
  ['lab', 'lab'],
  ['  two   words ', 'two words'],
  ['\u001b[31mred\u0007\r\n', '[31mred'],
  ['\u202egnp.exe', 'gnp.exe'],
  ['', 'node'],
  ['\u0000', 'node'],
  ['x'.repeat(200), 'x'.repeat(63)],
])('%j becomes %j', (wish, name) => {
  expect(toNodeName(wish, [])).toBe(name);
});

test('a name that is taken gets a number', () => {
  expect(toNodeName('lab', ['lab', 'lab-2'])).toBe('lab-3');
});
