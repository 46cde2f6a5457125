import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClusterClient } from '@cluster-ai/client';
import { isClusterError } from '@cluster-ai/contracts';
import { locateDataFolder, readHostCredential } from '@cluster-ai/runtime';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { useSharedEnvironments } from '../../packages/runtime/src/python-environment/testing/shared-python.ts';
import { startCluster, type TestCluster } from '../support/start-cluster.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');
const examples = join(repository, 'examples');
const python = join(repository, 'python');
useSharedEnvironments();

const READY_WITHIN_MS = 280_000;
let folder: string;
let cluster: TestCluster;
/** Why nothing here can be tried; `undefined` when it can. */
let obstacle: string | undefined;

async function findObstacle(): Promise<string | undefined> {
  if ((await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).catch(() => 'none')) === 'none')
    return 'Python 3.10 or newer is needed';
  const key = readHostCredential(locateDataFolder(cluster.dataFolder, {}));
  const client = createClusterClient({ baseUrl: cluster.url, key });
  const until = performance.now() + READY_WITHIN_MS;
  try {
    for (;;) {
      const { condition, environment } = await client.getComputeStatus();
      if (condition.state === 'ready') return undefined;
      if (environment.state === 'failed' || environment.state === 'stopped') return environment.message;
      if (performance.now() > until) throw new Error(`compute is ${condition.state} (${condition.reason}): ${condition.message}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } catch (error) {
    if (isClusterError(error) && error.code === 'unknown_route') return 'this cluster has no compute';
    throw error;
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compute-examples-'));
  await mkdir(join(folder, 'data'));
  const functions = JSON.stringify([join(examples, 'hyper-parameter-search/ridge.py')]);
  const dataFolders = JSON.stringify([join(folder, 'data')]);
  cluster = await startCluster({
    config: `compute: { enabled: true, scheduler: { port: 0 }, functions: ${functions}, dataFolders: ${dataFolders} }\n`,
  });
  obstacle = await findObstacle();
  if (obstacle !== undefined) console.log(`The examples of compute are not tested: ${obstacle}`);
}, READY_WITHIN_MS + 60_000);
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function runExample(command: string, path: string, ...args: string[]): Promise<unknown> {
  const environment = {
    ...process.env,
    PYTHONPATH: `${python}:${join(python, 'model_registry/src')}`,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUTF8: '1',
    CLUSTER_AI_HOME: cluster.dataFolder,
    CLUSTER_AI_URL: command === process.execPath ? cluster.url : '', // Python finds it by itself
    CLUSTER_AI_API_KEY: command === process.execPath ? readHostCredential(locateDataFolder(cluster.dataFolder, {})) : '',
  };
  const { stdout } = await run(command, [join(examples, path), ...args], { env: environment, timeout: 150_000 });
  return stdout === '' ? undefined : JSON.parse(stdout);
}
const runPython = (path: string, ...args: string[]) => runExample('python3', path, ...args);
const needCompute = ({ skip }: TestContext) => skip(obstacle !== undefined, obstacle);

test('a search of parameters tries each, and finds the best', async (context) => {
  needCompute(context);
  const found = await runPython('hyper-parameter-search/search.py', '--degrees', '4', '--penalties', '2');
  expect(found).toMatchObject({ tried: 8, best: { degree: expect.any(Number), penalty: expect.any(Number) } });
});

test('a folder of CSV files becomes Parquet, cleaned and with new columns', async (context) => {
  needCompute(context);
  await runPython('csv-to-parquet/make_csvs.py', join(folder, 'data/in'), '--files', '3', '--rows', '100');
  const found = await runPython('csv-to-parquet/etl.py', join(folder, 'data/in'), join(folder, 'data/out'));
  const { rows, cities } = found as { rows: number; cities: readonly { city: string; rows: number }[] };
  expect(rows).toBeGreaterThan(200);
  expect(cities.map(({ city }) => city).sort()).toEqual(['BELÉM', 'NATAL', 'RECIFE', 'SALVADOR', 'SÃO LUÍS']);
  expect(cities.reduce((sum, city) => sum + city.rows, 0)).toBe(rows);
});

test('texts are embedded with a model of the cluster, in their order', async (context) => {
  needCompute(context);
  const output = join(folder, 'vectors.f32');
  const args = ['--model', 'starter', '--number', '12', '--per-task', '5', '--output', output];
  const found = (await runPython('embed-texts/embed.py', ...args)) as { texts: number; dimensions: number };
  expect(found).toMatchObject({ texts: 12 });
  expect((await stat(output)).size).toBe(12 * found.dimensions * 4);
});

test('pictures are told apart by an ONNX model of the registry', async (context) => {
  needCompute(context);
  const model = join(folder, 'colours.onnx');
  await runPython('image-batch/make_model.py', model);
  await runPython('image-batch/make_images.py', join(folder, 'pictures'), '--number', '30');
  const registered = await cluster.cli('models', 'register', 'colours', '--file', model, '--framework', 'onnx', '--json');
  expect(registered).toMatchObject({ code: 0 });
  expect(await runPython('image-batch/predict.py', join(folder, 'pictures'))).toEqual({ pictures: 30, red: 10, green: 10, blue: 10 });
});

test('Monte Carlo runs in JavaScript on the workers', async (context) => {
  needCompute(context);
  const found = (await runExample(process.execPath, 'monte-carlo/monte-carlo.ts', '3000000')) as { darts: number; pi: number };
  expect(found.darts).toBe(3_000_000);
  expect(found.pi).toBeCloseTo(Math.PI, 1);
});

test('the self test says that all of it works, the plain Dask client too', async (context) => {
  needCompute(context);
  const { stdout } = await cluster.cli('doctor', '--compute', '--json');
  const { checks } = JSON.parse(stdout) as { checks: readonly { name: string; verdict: string; message: string }[] };
  const steps = checks.filter(({ name }) => name.startsWith('compute-'));
  expect(steps.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
  expect(steps).toHaveLength(7);
});
