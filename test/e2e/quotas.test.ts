import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

let folder: string;
let cluster: TestCluster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quotas-'));
  const models: Record<string, string> = {};
  for (const name of ['team/quick', 'other']) {
    const path = join(folder, `${name.replace('/', '-')}.fake.json`);
    await writeFile(path, JSON.stringify({ fake: 1, text: 'A planted answer.' }));
    models[name] = path;
  }
  cluster = await startCluster({ models });
});
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await cluster.cli(...args);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
};
/** An empty key is none: this machine needs none as long as nobody has a login. */
const ask = (key: string, model: string, path = '/v1/chat/completions') =>
  fetch(`${cluster.url}${path}`, {
    method: 'POST',
    headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'A planted question?' }], stream: false }),
  });

test('a service account uses its models up to its limit, in every dialect, and a control plane that was killed still knows', async () => {
  await run('users', 'add', 'ci', '--service');
  await run('users', 'limit', 'ci', '--requests-per-month', '3');
  await run('roles', 'grant', 'ci', 'team/*');
  const { key, id } = JSON.parse(await run('keys', 'create', 'nightly', '--owner', 'ci', '--json')) as { key: string; id: string };

  expect((await ask(key, 'other')).status).toBe(404);
  for (let i = 0; i < 2; i++) expect((await ask(key, 'team/quick')).status).toBe(200);
  // counted when the answer has been measured; what is asked for is written first
  await eventually('both answers are charged', async () => JSON.parse(await run('keys', 'usage', id, '--json')).month.tokens > 0);
  process.kill((await cluster.pids()).controlPlane, 'SIGKILL');
  await eventually('it answers again', async () => (await ask('', 'team/quick')).status === 200);
  expect((await ask(key, 'team/quick')).status).toBe(200);

  const refused = await ask(key, 'team/quick');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const { error } = (await refused.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe('quota_exceeded');
  expect(error.message).toMatch(/"ci" has used its 3 requests of this month\. It may go on at \d{4}-\d\d-01T00:00:00Z\./);
  const native = await ask(key, 'team/quick', '/api/chat');
  expect([native.status, Number(native.headers.get('retry-after')) > 0]).toEqual([429, true]);
  expect(await run('users', 'usage', 'ci')).toContain('3 of 3 requests a month');
});

test('attack 51: the log has one line for each operation, and nothing of what was asked or answered', async () => {
  const logs = join(cluster.dataFolder, 'logs');
  const read = async () => {
    const files = (await readdir(logs)).filter((name) => name.startsWith('control-plane'));
    return (await Promise.all(files.map((name) => readFile(join(logs, name), 'utf8')))).join('');
  };
  const text = await eventually('the log has the requests', async () => {
    const found = await read();
    return found.includes('"operation":"inference"') ? found : undefined;
  });
  const lines = text.split('\n').flatMap((line) => (line.includes('"operation"') ? [JSON.parse(line) as Record<string, unknown>] : []));
  expect(lines).toContainEqual(
    expect.objectContaining({
      timestamp: expect.any(String),
      level: 'info',
      operation: 'inference',
      model: 'team/quick',
      version: '1',
      duration_ms: expect.any(Number),
      user: 'nightly',
    }),
  );
  expect(lines.map(({ operation }) => operation)).toEqual(expect.arrayContaining(['POST /api/v1/keys', 'PATCH /api/v1/people/:id']));
  expect(text).not.toContain('planted');
});
