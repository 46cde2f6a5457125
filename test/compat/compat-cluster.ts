import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noUpstream, startCluster, type TestCluster } from '../support/start-cluster.ts';

/** What the model `scripted` says: a recorded answer of a model that calls a tool by itself, and one that read the tool's answer. */
const scripted = {
  fake: 1,
  text: 'I only know the weather.',
  answers: [
    { match: 'weather in Recife', toolCalls: [{ name: 'get_weather', arguments: { city: 'Recife', days: 2 } }] },
    { match: '31 degrees', text: 'It is sunny in Recife, with 31 degrees.' },
  ],
  tokensPerSecond: 500,
};

/** One request at a time, each long enough that a stream which nobody stops would keep the next one waiting past every deadline. */
const slow = { fake: 1, text: 'word '.repeat(6000), tokensPerSecond: 20, parallel: 1 };

/** For streams that something else is to end. */
const endless = { ...slow, parallel: 8 };

/** Its process dies in the middle of each answer. */
const crashing = { fake: 1, text: 'word '.repeat(50), tokensPerSecond: 200, crashAfterTokens: 5 };

export const RECIFE = { city: 'Recife', days: 2 };

/** A real cluster with the starter model and some scripts, for clients that know nothing of us; with more scripts where a test has some. */
export async function openCompatCluster(more: Readonly<Record<string, object>> = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'compat-'));
  const models: Record<string, string> = {};
  for (const [name, script] of Object.entries({ scripted, slow, endless, crashing, ...more })) {
    const path = join(folder, `${name}.fake.json`);
    models[name] = path;
    await writeFile(path, JSON.stringify(script));
  }
  const cluster = await startCluster({ models, config: noUpstream });
  await rm(folder, { recursive: true });
  return cluster;
}

/** A prompt that fits into no context of the starter model. */
export const tooLong = 'word '.repeat(5000);

/** Cosine of the angle between two vectors of one length. */
export function similarity(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
