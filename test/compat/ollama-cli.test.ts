import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type TestCluster } from '../support/start-cluster.ts';
import { type CallRecorder, openCallRecorder } from './call-recorder.ts';
import { openCompatCluster } from './compat-cluster.ts';
import { createOllamaCli, whyNoOllamaCli } from './ollama-cli.ts';

const obstacle = await whyNoOllamaCli();
if (obstacle !== undefined) console.log(`Ollama's command line is not tested: ${obstacle}`);

const question = 'What is the capital of Japan?';
const answer = 'The capital of Japan is Tokyo.';

let cluster: TestCluster;
let recorder: CallRecorder;
let home: string;
let ollama: ReturnType<typeof createOllamaCli>;

beforeAll(async () => {
  if (obstacle !== undefined) return;
  cluster = await openCompatCluster();
  recorder = await openCallRecorder(cluster.ollamaUrl, cluster.ownerHeaders());
  home = await mkdtemp(join(tmpdir(), 'ollama-cli-'));
  ollama = createOllamaCli({ url: recorder.url, home });
});
beforeEach(({ skip }) => skip(obstacle !== undefined, obstacle));
afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await cluster?.stop();
  if (home !== undefined) await rm(home, { recursive: true, force: true });
});

const rowsOf = (table: string) => table.split('\n').map((line) => line.trim().split(/\s{2,}/));

test('--version says which API it speaks to', async () => {
  expect((await ollama.run(['--version'])).stdout).toMatch(/ollama version is \d+\.\d+\.\d+/);
});

test('list has every model, with its size and age', async () => {
  const { code, stdout } = await ollama.run(['list']);
  expect(code).toBe(0);
  expect(rowsOf(stdout)[0]).toEqual(['NAME', 'ID', 'SIZE', 'MODIFIED']);
  expect(rowsOf(stdout)).toContainEqual([
    'starter:latest',
    expect.stringMatching(/^[0-9a-f]{12}$/),
    '6.0 MB',
    expect.stringMatching(/ago$/),
  ]);
});

test('show describes a model', async () => {
  const { code, stdout } = await ollama.run(['show', 'starter', '--verbose']);
  expect(code).toBe(0);
  const rows = rowsOf(stdout);
  for (const row of [
    ['architecture', 'llama'],
    ['parameters', '5.51M'],
    ['context length', '1024'],
    ['quantization', 'Q8_0'],
    ['llama.block_count', '6'],
  ])
    expect(rows).toContainEqual(row);
  expect(stdout).toMatch(/Capabilities\s+completion/);
  expect(stdout).toMatch(/License\s+MIT/);
  expect((await ollama.run(['show', 'starter', '--modelfile'])).stdout).toContain('FROM starter');
});

describe('run', () => {
  test('answers a prompt from the command line', async () => {
    const { code, stdout } = await ollama.run(['run', 'starter', question]);
    expect(code).toBe(0);
    expect(stdout.trim()).toBe(answer);
  });

  test('answers a prompt from a pipe, and tells what it cost', async () => {
    const { stdout, stderr } = await ollama.run(['run', 'starter', '--verbose'], question);
    expect(stdout.trim()).toBe(answer);
    expect(stderr).toMatch(/prompt eval count:\s+\d+ token\(s\)/);
    expect(stderr).toMatch(/eval count:\s+8 token\(s\)/);
    expect(stderr).toMatch(/eval rate:\s+[\d.]+ tokens\/s/);
  });

  test('answers in JSON where that is asked for', async () => {
    const { stdout } = await ollama.run(['run', 'starter', '--format', 'json', 'Give me a JSON object with name Ana and age 30.']);
    expect(JSON.parse(stdout)).toEqual({ name: 'Ana', age: 30 });
  });

  test('chats on a terminal', async () => {
    const terminal = ollama.open(['run', 'starter']);
    await eventually('it waits for a message', () => terminal.output().includes('>>>'));
    terminal.child.stdin?.write(`${question}\r`);
    await eventually('it answers', () => terminal.output().includes(answer));
    await eventually('it waits again', () => terminal.output().split('>>>').length > 2);
    terminal.child.stdin?.write('/bye\r');
    expect((await terminal.ended).code).toBe(0);
  });

  test('that is interrupted ends its stream in the cluster', async () => {
    const endless = ollama.start(['run', 'endless', 'Never stop.']);
    await eventually('it answers', () => endless.output().includes('word word'));
    endless.child.kill('SIGINT');
    await endless.ended;
    await eventually('no stream is left', async () =>
      (await (await fetch(`${cluster.url}/metrics`)).text()).includes('cluster_active_tasks 0'),
    );
  });
});

test('ps has what is loaded, until stop ends it', async () => {
  const running = async () => rowsOf((await ollama.run(['ps'])).stdout).find(([name]) => name === 'starter:latest');
  await ollama.run(['run', 'starter', 'Hello']);
  expect(await running()).toEqual([
    'starter:latest',
    expect.any(String),
    expect.stringMatching(/MB$/),
    '100% CPU',
    '1024',
    expect.stringMatching(/minutes from now$/),
  ]);
  expect((await ollama.run(['stop', 'starter'])).code).toBe(0);
  await eventually('it is gone', async () => (await running()) === undefined);
});

test('what cannot be done fails with a sentence that says what to do', async () => {
  const modelfile = join(home, 'Modelfile');
  await writeFile(modelfile, 'FROM starter\nSYSTEM Be brief.\n');
  for (const [args, sentence] of [
    [['run', 'nobody', 'Hello'], 'outgoing.allowedHosts'],
    [['pull', 'nobody'], 'outgoing.allowedHosts'],
    [['create', 'mine', '-q', 'q4_0', '-f', modelfile], 'llama-quantize'],
    [['cp', 'nobody', 'mine'], "model 'nobody' not found"],
    [['rm', 'nobody'], 'not found'],
    [['show', 'nobody'], "model 'nobody' not found"],
    [['stop', 'nobody'], 'couldn\'t find model "nobody" to stop'],
  ] as const) {
    const { code, stderr } = await ollama.run(args);
    expect({ args, code, stderr }).toEqual({ args, code: 1, stderr: expect.stringContaining(sentence) });
  }
});

test('without a key it may ask, and change nothing', async () => {
  const bare = createOllamaCli({ url: cluster.ollamaUrl, home });
  expect((await bare.run(['run', 'starter', question])).stdout).toContain('Tokyo');
  expect(await bare.run(['rm', 'starter'])).toMatchObject({ code: 1, stderr: expect.stringContaining('models:write') });
});

test('nothing that it called is unknown here', () => {
  expect(recorder.calls.filter(({ status, error }) => status >= 500 || error.includes('does not exist here'))).toEqual([]);
});
