import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaskBench, openDaskBench, untilReport } from './testing/dask-bench.ts';
import { findTestEnvironment } from './testing/find-environment.ts';

const environment = await findTestEnvironment();
const made = environment as NonNullable<typeof environment>; // whatever uses it is skipped without
const source = readFileSync(join(import.meta.dirname, 'testing/sandbox_attack.py'), 'utf8');
const isRoot = process.getuid?.() === 0;

interface Findings {
  readonly tries: Readonly<Record<string, string>>;
  readonly allowed: Readonly<Record<string, string>>;
  readonly variables: readonly string[];
}
const succeeded = (tries: Findings['tries']) => Object.entries(tries).filter(([, outcome]) => !outcome.startsWith('refused'));

describe.skipIf(environment === undefined)('code in a worker', () => {
  const outside = mkdtempSync(join(tmpdir(), 'cai-outside-'));
  let bench: DaskBench;
  let service: Server;
  /** Stands for another process of the same user, with a secret in its environment. */
  const neighbour = spawn('sleep', ['600'], { stdio: 'ignore', env: { SECRET: 'of the neighbour' } });

  beforeAll(async () => {
    bench = await openDaskBench(made);
    await bench.startScheduler();
    writeFileSync(join(outside, 'anybody'), 'as it was', { mode: 0o666 });
    chmodSync(join(outside, 'anybody'), 0o666);
    mkdirSync(join(outside, 'data'));
    writeFileSync(join(outside, 'data', 'table.csv'), 'a,b\n1,2\n');
    for (const folder of [outside, join(outside, 'data')]) chmodSync(folder, 0o755);
    service = createServer().listen(join(outside, 'service'));
    await once(service, 'listening');
  });
  afterAll(async () => {
    service.close();
    neighbour.kill('SIGKILL');
    await bench[Symbol.asyncDispose]();
    rmSync(outside, { recursive: true });
  });

  const makeWish = (dataFolder: string, scratch: string) => {
    mkdirSync(join(dataFolder, 'secrets'), { mode: 0o700 });
    writeFileSync(join(dataFolder, 'secrets', 'ca.key'), 'the key', { mode: 0o600 });
    return {
      dataFolder,
      secret: join(dataFolder, 'secrets', 'ca.key'),
      scratch,
      home: homedir(),
      outside: join(outside, 'anybody'),
      taskData: join(outside, 'data'),
      modules: made.sources.modules[0],
      socket: join(outside, 'service'),
      pids: { agent: process.pid, neighbour: neighbour.pid },
    };
  };
  const expectKept = ({ secret, outside: file }: { readonly secret: string; readonly outside: string }) => {
    expect(readFileSync(secret, 'utf8')).toBe('the key');
    expect(readFileSync(file, 'utf8')).toBe('as it was');
  };

  test('attack C1: reaches no file, no process and no service but its own, and finds no secret in its environment', async (context) => {
    await using node = await bench.openNode();
    const wish = makeWish(node.dataFolder, join(node.dataFolder, 'compute/worker'));
    process.env['CLUSTER_AI_TEST_SECRET'] = 'of the agent';
    await node.putWorker(bench.spec({ name: 'jail', dataFolders: [wish.taskData] }));
    await untilReport(node, ({ condition }) => ['serving', 'no_sandbox'].includes(condition.reason));
    const { reason, message } = node.report()?.condition ?? {};
    if (message?.includes('no Landlock')) context.skip('neither Landlock nor root here');
    expect(reason).toBe('serving');
    const { tries, allowed, variables } = (await bench.run({ source, argument: wish })) as Findings;
    expect(succeeded(tries)).toEqual([]);
    expectKept(wish);
    expect(succeeded(allowed)).toHaveLength(3);
    expect(variables.filter((name) => /SECRET|TOKEN|KEY|CLUSTER_AI|NODE/.test(name))).toEqual([]);
  });

  test('where it runs as another user, it reaches as little', async (context) => {
    if (!isRoot) context.skip('another user can be taken by root only');
    const dataFolder = mkdtempSync(join(bench.folder, 'other-'));
    const scratch = join(dataFolder, 'scratch');
    mkdirSync(scratch, { mode: 0o700 });
    const wish = makeWish(dataFolder, scratch);
    const script = [
      'import json, sys',
      'from cluster_ai import sandbox',
      'sandbox.landlock.find_version = lambda: 0',
      'wish = json.load(sys.stdin)',
      'how = sandbox.enter([], [wish["scratch"], wish["taskData"]], owned=wish["scratch"], forbidden=[wish["dataFolder"]])',
      'names = {}',
      'exec(wish["source"], names)',
      'print(json.dumps({"how": how, **names["main"](wish)}))',
    ].join('\n');
    const child = spawn(made.python, ['-c', script], { env: { PYTHONPATH: made.sources.modules.join(':') }, cwd: '/' });
    child.stdin.end(JSON.stringify({ ...wish, source }));
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    let complaint = '';
    child.stderr.on('data', (chunk) => {
      complaint += String(chunk);
    });
    await once(child, 'close');
    if (complaint.includes('mounts of its own')) context.skip('root may not mount here');
    const { how, tries, allowed } = JSON.parse(said) as Findings & { readonly how: string };
    expect(how).toMatch(/^user \d+$/);
    // what every user of the machine may do is no secret
    const open = ['list /home', 'list the home', 'list the data folder', 'write outside'];
    expect(succeeded(tries).filter(([name]) => !open.includes(name))).toEqual([]);
    expect(tries['list the data folder']).toBe("got ['scratch']"); // of an empty folder that was put before it
    expect(readFileSync(wish.secret, 'utf8')).toBe('the key');
    expect(succeeded(allowed)).toHaveLength(3);
  });
});
