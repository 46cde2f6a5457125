import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateDataFolder, makeDataFolder } from './data-folder.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-folder-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the command line wins over the environment, and both over the home folder', () => {
  expect(locateDataFolder('/a', { CLUSTER_AI_HOME: '/b' }).root).toBe('/a');
  expect(locateDataFolder(undefined, { CLUSTER_AI_HOME: '/b' }).root).toBe('/b');
  expect(locateDataFolder(undefined, {}).root).toMatch(/\.cluster-ai$/);
});

test('the folders are made, also where parents are missing, and only their owner can read them', () => {
  const data = locateDataFolder(join(folder, 'deep', 'er'), {});
  makeDataFolder(data);
  makeDataFolder(data);
  for (const path of [data.root, data.secrets, data.run]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('a folder that cannot be made is an error that names it, wherever it lies', () => {
  writeFileSync(join(folder, 'file'), '');
  for (const path of [join(folder, 'file', 'below'), '/proc/1/cluster-ai'])
    expect(() => makeDataFolder(locateDataFolder(path, {}))).toThrow(expect.objectContaining({ code: 'data_folder_unwritable' }));
});
