import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, isAlive, runCli, startCluster, type TestCluster } from '../support/start-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const post = (path: string, body: unknown, base = cluster.url) =>
  fetch(`${base}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const capital = { messages: [{ role: 'user', content: 'What is the capital of Brazil?' }], temperature: 0 };

describe('a cluster that was just started', () => {
  test('is ready and says what it is', async () => {
    const status = (await (await fetch(`${cluster.url}/api/v1/cluster/status`)).json()) as Record<string, unknown>;
    expect(status).toMatchObject({
      total_workers: 1,
      ready_workers: 1,
      condition: { state: 'ready', reason: 'serving' },
      data_folder: cluster.dataFolder,
    });
  });

  test('has the starter model, which loads on first use', async () => {
    const { models } = (await (await fetch(`${cluster.url}/api/v1/models`)).json()) as {
      models: { name: string; condition: { state: string; reason: string } }[];
    };
    expect(models).toMatchObject([{ name: 'starter' }]);
  });

  test('answers through the native, the OpenAI and the Ollama door', async () => {
    const native = (await (
      await post('/api/v1/generate', { prompt: 'What is the capital of Brazil?', options: { temperature: 0 } })
    ).json()) as { response: string };
    expect(native.response).toContain('Brasília');
    const openai = (await (await post('/v1/chat/completions', { model: 'starter', ...capital })).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(openai.choices[0]?.message.content).toContain('Brasília');
    const ollama = (await (
      await post('/api/chat', { model: 'starter', stream: false, options: { temperature: 0 }, messages: capital.messages })
    ).json()) as { message: { content: string } };
    expect(ollama.message.content).toContain('Brasília');
    const onOllamasPort = (await (await post('/v1/chat/completions', { model: 'starter', ...capital }, cluster.ollamaUrl)).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(onOllamasPort.choices[0]?.message.content).toContain('Brasília');
  });

  test('sends browsers to the web UI and tells other clients what Ollama tells them', async () => {
    const page = await fetch(`${cluster.url}/`, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([302, '/ui/']);
    expect(await (await fetch(`${cluster.url}/`)).text()).toBe('Ollama is running');
    expect(await (await fetch(`${cluster.url}/ui/`)).text()).toContain('<div id="root">');
    expect((await fetch(`${cluster.url}/ui/chat`)).headers.get('content-security-policy')).toContain("default-src 'self'");
  });

  test('shows its metrics and describes its API', async () => {
    await post('/v1/chat/completions', { model: 'starter', ...capital });
    const metrics = await (await fetch(`${cluster.url}/metrics`)).text();
    expect(metrics).toMatch(/^cluster_active_workers 1$/m);
    expect(metrics).toMatch(/^model_tokens_generated(_total)?\{[^}]*model="starter"[^}]*\} [1-9]/m);
    const openapi = (await (await fetch(`${cluster.url}/api/v1/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
    };
    expect(openapi.openapi).toBe('3.1.0');
    expect(Object.keys(openapi.paths)).toContain('/api/v1/generate');
  });

  test('the CLI knows it', async () => {
    const status = await cluster.cli('status', '--json');
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ cluster: { ready_workers: 1 } });
    expect((await cluster.cli('run', 'starter', 'What is the capital of France?')).stdout).toContain('Paris');
  });

  test('a second one over the same folder is refused and named', async () => {
    const second = await runCli(['up', '--no-open', '--json', '--data-dir', cluster.dataFolder, '--port', '0']);
    expect(second.code).not.toBe(0);
    expect(second.stdout + second.stderr).toMatch(/already running/i);
  });

  test('idles within its budget of memory', async () => {
    await using idle = await startCluster(); // the first one has worked, and has filled the compile cache as a first start does
    const { controlPlane, agent } = await idle.pids();
    const residentMiB = async (pid: number) => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
    expect(await residentMiB(controlPlane)).toBeLessThan(200);
    expect(await residentMiB(agent)).toBeLessThan(150);
  });
});

describe('stopping', () => {
  test('SIGTERM ends every process and leaves none', async () => {
    const other = await startCluster();
    await fetch(`${other.url}/api/v1/models/starter/load`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    const { up, controlPlane, agent, engines } = await other.pids();
    expect(engines.length).toBeGreaterThan(0);
    process.kill(up, 'SIGTERM');
    for (const pid of [up, controlPlane, agent, ...engines]) await eventually(`process ${pid} ended`, async () => !(await isAlive(pid)));
    await other.stop();
  });

  test('what kill -9 of the supervisor leaves behind ends by itself, and a second start works', async () => {
    const other = await startCluster({ dataFolder: `${cluster.dataFolder}-killed` });
    const { up, controlPlane, agent } = await other.pids();
    process.kill(up, 'SIGKILL');
    const again = await startCluster({ dataFolder: other.dataFolder });
    for (const pid of [controlPlane, agent]) await eventually(`process ${pid} ended`, async () => !(await isAlive(pid)));
    expect((await fetch(`${again.url}/api/v1/cluster/status`)).status).toBe(200);
    await again.stop();
  });
});

describe('ports', () => {
  test('a named port that is taken is an error that says what to do; a taken default moves', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const failed = await runCli(['up', '--no-open', '--json', '--data-dir', `${cluster.dataFolder}-taken`, '--port', String(port)]);
    expect(failed.code).toBe(1);
    expect(failed.stdout + failed.stderr).toMatch(new RegExp(`${port}.*taken`));
    taken.close();
  });
});
