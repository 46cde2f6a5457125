import { mkdtemp, writeFile } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { availableMemoryBytes, freeInGroup } from './available-memory.ts';

async function groupWith(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'group-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('a control group leaves its limit less what is used, cached files not counted', async () => {
  const folder = await groupWith({
    'memory.max': '1000\n',
    'memory.current': '700\n',
    'memory.stat': 'anon 400\ninactive_file 250\nfile 300\n',
  });
  expect(freeInGroup(folder)).toBe(550);
  expect(availableMemoryBytes(folder)).toBe(550);
});

test('without a limit the machine itself counts', async () => {
  expect(freeInGroup(await groupWith({ 'memory.max': 'max\n', 'memory.current': '700\n' }))).toBeUndefined();
  expect(freeInGroup('/nowhere')).toBeUndefined();
  expect(availableMemoryBytes('/nowhere')).toBeGreaterThan(freemem() / 4);
});
