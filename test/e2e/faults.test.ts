import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

const CLIENTS = 20;
const saying = 'word '.repeat(100);
let cluster: TestCluster;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const models: Record<string, string> = {};
  for (const [name, text] of Object.entries({ slow: saying, endless: saying.repeat(100) })) {
    const script = join(folder, `${name}.fake.json`);
    models[name] = script;
    await writeFile(script, JSON.stringify({ fake: 1, text, tokensPerSecond: 20, firstTokenMs: 10, parallel: 64 }));
  }
  cluster = await startCluster({ models });
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

type Outcome = 'complete' | 'complete, but with other words' | 'error event' | 'refused' | 'connection lost' | 'cut silently';

const wordsOf = (stream: string) =>
  stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => (JSON.parse(line.slice(5)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '')
    .join('');

/** One streaming client; says how its stream ended. `onFirstBytes` is called once text flows. */
async function stream(model: string, onFirstBytes: () => void): Promise<Outcome> {
  try {
    const response = await fetch(`${cluster.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'x' }] }),
      signal: AbortSignal.timeout(150_000),
    });
    if (!response.ok || !response.body) return 'refused';
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      if (text === '') onFirstBytes();
      text += decoder.decode(chunk as Uint8Array, { stream: true });
    }
    if (text.includes('data: [DONE]')) return wordsOf(text) === saying ? 'complete' : 'complete, but with other words';
    return text.includes('"error"') ? 'error event' : 'cut silently';
  } catch {
    return 'connection lost';
  }
}

async function killDuringStreams(victim: () => Promise<number>, model = 'slow'): Promise<Record<string, number>> {
  let flowing = 0;
  const streams = Array.from({ length: CLIENTS }, () => stream(model, () => flowing++));
  await eventually('all clients stream', () => flowing === CLIENTS);
  process.kill(await victim(), 'SIGKILL');
  const outcomes = await Promise.all(streams);
  return Object.fromEntries([...new Set(outcomes)].map((outcome) => [outcome, outcomes.filter((other) => other === outcome).length]));
}

const answersAgain = () =>
  eventually('the cluster answers again', async () => {
    const response = await fetch(`${cluster.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'starter', messages: [{ role: 'user', content: 'What is the capital of Brazil?' }], temperature: 0 }),
      signal: AbortSignal.timeout(30_000),
    });
    return response.ok && (await response.text()).includes('Brasília');
  });

describe('kill -9 while 20 clients stream', () => {
  test('of the only engine: every answer goes on once the model is back', async () => {
    const outcomes = await killDuringStreams(async () => (await cluster.pids()).engines.at(-1) ?? -1);
    expect(outcomes).toEqual({ complete: CLIENTS });
    await answersAgain();
  });

  test('of the only agent: every answer goes on once the node is back', async () => {
    const outcomes = await killDuringStreams(async () => (await cluster.pids()).agent);
    expect(outcomes).toEqual({ complete: CLIENTS });
    await answersAgain();
  });

  test('of the control plane: the connection is lost, and nothing else', async () => {
    const before = (await (await fetch(`${cluster.url}/api/v1/models`)).json()) as { models: { name: string }[] };
    // no answer may be over before the last one has begun
    const outcomes = await killDuringStreams(async () => (await cluster.pids()).controlPlane, 'endless');
    expect(outcomes).toEqual({ 'connection lost': CLIENTS });
    await answersAgain();
    const after = (await (await fetch(`${cluster.url}/api/v1/models`)).json()) as { models: { name: string }[] };
    expect(after.models.map(({ name }) => name)).toEqual(before.models.map(({ name }) => name));
  });
});
