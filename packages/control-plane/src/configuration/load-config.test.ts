import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, readConfig } from './load-config.ts';

let folder: string;
const file = () => join(folder, 'cluster.yaml');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('cluster.yaml', () => {
  test('a missing file and an empty file are the defaults', async () => {
    const missing = await readConfig(join(folder, 'none.yaml'));
    await writeFile(file(), '');
    expect(await readConfig(file())).toEqual(missing);
    expect(missing.listeners.main).toEqual({ host: '127.0.0.1', port: 3000, tls: 'off' });
  });

  test('the older documents’ file is understood', async () => {
    await writeFile(
      file(),
      "version: '1.0'\ncluster:\n  name: lab\n  scheduler: { host: localhost, port: 8786 }\n  workers:\n    - { name: w1, resources: { gpu: 1, cpu: 8, memory: 16GB } }\n  models:\n    - { name: starter, replicas: 2, resources: { gpu_memory: 8GB } }\n",
    );
    expect((await readConfig(file())).cluster).toMatchObject({ name: 'lab', models: [{ name: 'starter', replicas: 2 }] });
  });

  test('the registry’s keys of the older documents are taken as those of today', async () => {
    await writeFile(
      file(),
      'registry:\n  storage: { base_path: /data/models, cache_size: 10GB }\n  api: { host: 127.0.0.1, port: 8081, auth_required: true }\n',
    );
    const { config, isNamed } = await loadConfig(file(), {});
    expect(config.blobs.path).toBe('/data/models');
    expect(config.registry.storage).toEqual({ cache_size: '10GB' });
    expect(config.listeners.registry).toMatchObject({ host: '127.0.0.1', port: 8081 });
    expect([config.access.local, isNamed.registry]).toEqual([false, true]);
  });

  test.each([
    ['registry:\n  storage:\n    backup_enabled: true\n', /line 3.*backup_enabled.*cluster-ai backup create/],
    ['registry:\n  frameworks:\n    pytorch: { supported_versions: ["2.0+"] }\n', /line 3.*frameworks.*registry\.policy\.loadFormats/],
    ['blobs: { path: /a }\nregistry: { storage: { base_path: /b } }\n', /line 2.*base_path.*blobs\.path/],
  ])('an older key that cannot be taken is refused with what to write instead: %s', async (text, sentence) => {
    await writeFile(file(), text);
    await expect(readConfig(file())).rejects.toThrow(sentence);
  });

  test('a wrong value is refused with its line and key', async () => {
    await writeFile(file(), 'listeners:\n  main:\n    port: 99999\n');
    await expect(readConfig(file())).rejects.toThrow(/line 3.*listeners\.main\.port/);
  });

  test('an unknown key is refused by name', async () => {
    await writeFile(file(), 'clutser: {}\n');
    await expect(readConfig(file())).rejects.toThrow(/clutser/);
  });

  test('broken YAML is refused with its line', async () => {
    await writeFile(file(), 'a: 1\nb: [1, 2\n');
    await expect(readConfig(file())).rejects.toThrow(/line \d/);
  });

  test('attack 37 and 38: names that poison prototypes and aliases that grow are refused', async () => {
    for (const text of ['__proto__:\n  polluted: 1\n', 'cluster:\n  constructor:\n    prototype: { polluted: 1 }\n']) {
      await writeFile(file(), text);
      await expect(readConfig(file())).rejects.toMatchObject({ code: 'config_invalid' });
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const levels = Array.from(
      { length: 9 },
      (_, level) => `${'abcdefghij'[level + 1]}: &${'abcdefghij'[level + 1]} [${Array(9).fill(`*${'abcdefghij'[level]}`).join(', ')}]`,
    );
    await writeFile(file(), `a: &a [x, x, x]\n${levels.join('\n')}\n`);
    await expect(readConfig(file())).rejects.toMatchObject({ code: 'config_invalid' });
    await writeFile(file(), `a: ${'['.repeat(100_000)}\n`);
    await expect(readConfig(file())).rejects.toMatchObject({ code: 'config_invalid' });
  });

  test('the command line wins, and a named port is known to be named', async () => {
    await writeFile(file(), 'listeners: { ollama: { port: 4321 } }\n');
    const { config, isNamed } = await loadConfig(file(), { port: 3000 });
    expect(config.listeners.ollama.port).toBe(4321);
    expect(isNamed).toEqual({ main: true, link: false, ollama: true, registry: false });
  });
});
