import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../support/start-cluster.ts';

const run = promisify(execFile);
const project = join(import.meta.dirname, '../../python/model_registry');
const environment = {
  ...process.env,
  PYTHONPATH: join(project, 'src'),
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONUTF8: '1',
};

/** Why the Python package cannot be tested on this machine; `undefined` when it can. It needs the standard library alone. */
async function whyNoPython(): Promise<string | undefined> {
  return run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).then(
    () => undefined,
    () => 'Python 3.11 or newer is needed',
  );
}

const obstacle = await whyNoPython();
if (obstacle !== undefined) console.log(`The Python package model_registry is not tested: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('model_registry', () => {
  test('keeps its own promises', async () => {
    const args = ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'];
    const { stderr } = await run('python3', args, { cwd: project, env: environment, timeout: 100_000 });
    expect(stderr).toMatch(/\nOK\s*$/);
  });

  test('registers, finds and loads models of a real cluster, which it finds by itself', async () => {
    await using cluster = await startCluster();
    const folder = await mkdtemp(join(tmpdir(), 'python-registry-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const gguf = join(folder, 'tiny.gguf');
    makeTinyGguf({ path: gguf, preset: 'tiny', type: 'F16' });
    const { stdout } = await run('python3', [join(import.meta.dirname, 'python/registry_client.py'), gguf, folder], {
      env: { ...environment, CLUSTER_AI_HOME: cluster.dataFolder, CLUSTER_AI_URL: '', CLUSTER_AI_API_KEY: '' },
      timeout: 100_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      gguf: {
        version: 1,
        framework: 'gguf',
        verdict: 'safe',
        metrics: { accuracy: 0.5 },
        same: true,
        again: true,
        pickled: true,
      },
      many: { files: ['model.safetensors', 'sub/config.json'], verdict: 'safe' },
      evil: { registered: null, loaded: 'forbidden' },
      found: {
        listed: true,
        search: ['lab/tiny'],
        alias: 1,
        versions: ['1.0.0'],
        unknown: 'model_not_found',
      },
      removed: 'model_not_found',
    });
  });
});
