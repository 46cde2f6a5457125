import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError, type ReplicaReport, type ReplicaSpec } from '@cluster-ai/contracts';
import { type Clock, createManualClock, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import { createFakeEngine } from '../engines/fake/fake-engine.ts';
import { createEngineClient, until } from '../engines/llama-cpp/testing/start-engine.ts';
import { createWeights } from '../weights/create-weights.ts';
import { createReplicas } from './create-replicas.ts';
import type { Replicas } from './replicas.ts';

const knownFolders = { ollama: [], huggingFace: [] };
let root = '';
let replicas: Replicas;
let runFolder = '';
let held: string[] = [];
let told: { readonly id: string; readonly report: ReplicaReport | undefined }[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reps-'));
});
afterEach(() => replicas[Symbol.asyncDispose]());
afterAll(() => rm(root, { recursive: true }));

async function open({ clock = systemClock, engines }: { clock?: Clock; engines?: readonly Engine[] } = {}): Promise<Replicas> {
  const folder = await mkdtemp(join(root, 'a-'));
  runFolder = join(folder, 'run');
  const fetchBlob = async () => {
    throw new ClusterError('blob_not_found', 'There is no such blob.');
  };
  const weights = createWeights({ folder: join(folder, 'weights'), fetchBlob, knownFolders, clock, log: silentLogger });
  held = [];
  const hold = (digest: string) => {
    held.push(digest);
    return { [Symbol.dispose]: () => void held.splice(held.indexOf(digest), 1) };
  };
  const all = engines ?? [createFakeEngine({ log: silentLogger, clock: systemClock })];
  replicas = createReplicas({ engines: all, weights: { ...weights, hold }, runFolder, clock, log: silentLogger });
  told = [];
  replicas.onChange((id, report) => told.push({ id, report }));
  return replicas;
}

async function makeSpec(replicaId: string, fence: number, script: object = {}): Promise<ReplicaSpec> {
  const text = JSON.stringify({ fake: 1, tokensPerSecond: 1000, ...script });
  const path = join(root, `${createHash('sha256').update(text).digest('hex')}.fake.json`);
  await writeFile(path, text);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { replicaId, fence, model: 'demo', engine: 'fake', file: { digest, sizeBytes: Buffer.byteLength(text), path }, options: {} };
}

const find = (replicaId: string) => replicas.list().find((report) => report.replicaId === replicaId);
const hasState = (replicaId: string, state: string) => () => find(replicaId)?.condition.state === state;
const ready = (replicaId: string) => until(hasState(replicaId, 'ready'), `${replicaId} is ready`);
const reasonsOf = (replicaId: string) => {
  const reasons = told.filter(({ id }) => id === replicaId).map(({ report }) => report?.condition.reason);
  return reasons.filter((reason, index) => reason !== reasons[index - 1]);
};
const ask = (replicaId: string) =>
  createEngineClient(replicas.endpoint(replicaId).socketPath).post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] });

describe('an order', () => {
  test('is accepted at once and obeyed step by step, each with its reason', async () => {
    await open();
    const report = replicas.put(await makeSpec('r1', 1, { text: 'Hello.', loadMs: 50 }));
    expect(report.condition).toMatchObject({ state: 'starting', reason: 'checking_weights' });
    expect(() => replicas.endpoint('r1')).toThrow(expect.objectContaining({ code: 'model_loading' }));
    await ready('r1');
    expect(reasonsOf('r1')).toEqual(['checking_weights', 'queued_for_start', 'engine_starting', 'loading_model', 'serving']);
    expect((await ask('r1')).json().choices[0].message.content).toBe('Hello.');
    expect(find('r1')).toMatchObject({ capabilities: ['completion', 'chat'], contextSize: 4096, parallel: 128, progress: null });
  });

  test('of the same number changes nothing; an older one is refused', async () => {
    await open();
    const spec = await makeSpec('r1', 5);
    replicas.put(spec);
    await ready('r1');
    const { socketPath } = replicas.endpoint('r1');
    expect(replicas.put(spec).condition.state).toBe('ready');
    expect(() => replicas.put({ ...spec, fence: 4 })).toThrow(expect.objectContaining({ code: 'stale_order' }));
    await expect(replicas.delete('r1', 4)).rejects.toMatchObject({ code: 'stale_order' });
    expect(replicas.put({ ...spec, fence: 6 })).toMatchObject({ fence: 6, condition: { state: 'ready' } });
    expect(replicas.endpoint('r1').socketPath).toBe(socketPath);
  });

  test('for other work under the same id begins when the old process is gone', async () => {
    let oldSocket = '';
    let wasOldGone = false;
    const fake = createFakeEngine({ log: silentLogger, clock: systemClock });
    const watched: Engine = {
      ...fake,
      start(...parameters) {
        wasOldGone = oldSocket !== '' && !existsSync(oldSocket);
        return fake.start(...parameters);
      },
    };
    await open({ engines: [watched] });
    replicas.put(await makeSpec('r1', 1, { text: 'Old.' }));
    await ready('r1');
    oldSocket = replicas.endpoint('r1').socketPath;
    replicas.put(await makeSpec('r1', 2, { text: 'New.' }));
    await ready('r1');
    expect(wasOldGone).toBe(true);
    expect((await ask('r1')).json().choices[0].message.content).toBe('New.');
    expect(replicas.list()).toHaveLength(1);
  });

  test('that allows the node another size of its cache changes nothing that runs', async () => {
    await open();
    const spec = await makeSpec('r1', 1);
    replicas.put(spec);
    await ready('r1');
    expect(replicas.put({ ...spec, fence: 2, cacheBytes: 1 })).toMatchObject({ fence: 2, condition: { state: 'ready' } });
  });

  test('holds its weights until it is deleted, also while it has failed', async () => {
    await open({ engines: [] });
    const spec = await makeSpec('r1', 1);
    replicas.put(spec);
    expect(held).toEqual([spec.file.digest]);
    await until(hasState('r1', 'failed'), 'failed');
    expect(held).toEqual([spec.file.digest]);
    await replicas.delete('r1', 2);
    expect(held).toEqual([]);
  });

  test('for an engine that is not here fails with that reason', async () => {
    await open({ engines: [] });
    replicas.put(await makeSpec('r1', 1));
    await until(hasState('r1', 'failed'), 'failed');
    expect(find('r1')?.condition.reason).toBe('engine_missing');
    expect(() => replicas.endpoint('r1')).toThrow(expect.objectContaining({ code: 'model_failed' }));
  });
});

describe('deletion', () => {
  test('waits for the end of the process and leaves nothing behind', async () => {
    await open();
    replicas.put(await makeSpec('r1', 1));
    await ready('r1');
    const { socketPath } = replicas.endpoint('r1');
    expect((await replicas.delete('r1', 2))?.condition).toMatchObject({ state: 'stopped', reason: 'stopped_by_request' });
    expect(existsSync(socketPath)).toBe(false);
    expect(readdirSync(runFolder)).toEqual([]);
    expect(replicas.list()).toEqual([]);
    expect(told.at(-1)).toEqual({ id: 'r1', report: undefined });
    expect(() => replicas.endpoint('r1')).toThrow(expect.objectContaining({ code: 'node_lost' }));
  });

  test('of an unknown replica is nothing', async () => {
    await open();
    expect(await replicas.delete('nobody', 1)).toBeUndefined();
  });

  test('is not undone by an order that was given before it and came after it', async () => {
    await open();
    const spec = await makeSpec('r1', 1);
    replicas.put(spec);
    await replicas.delete('r1', 3);
    expect(() => replicas.put({ ...spec, fence: 2 })).toThrow(expect.objectContaining({ code: 'stale_order' }));
    expect(replicas.put({ ...spec, fence: 4 }).condition.state).toBe('starting');
  });

  test('while it loads ends the loading at once', async () => {
    await open();
    replicas.put(await makeSpec('r1', 1, { loadMs: 3_600_000 }));
    await until(() => find('r1')?.condition.reason === 'engine_starting', 'loading');
    expect((await replicas.delete('r1', 2))?.condition.state).toBe('stopped');
  });
});

describe('failure', () => {
  test('an engine that dies while it serves fails what it was doing, says so and comes back', async () => {
    await open();
    replicas.put(await makeSpec('r1', 1, { text: 'a b c d', crashAfterTokens: 2 }));
    await ready('r1');
    await expect(ask('r1')).rejects.toThrow();
    await until(() => reasonsOf('r1').includes('engine_crashed'), 'the crash is told');
    expect(told.find(({ report }) => report?.condition.reason === 'engine_crashed')?.report?.condition).toMatchObject({
      state: 'starting',
    });
    await ready('r1');
  });

  test('a file that kills the engine twice while it loads is rejected and not tried again', async () => {
    let starts = 0;
    const fake = createFakeEngine({ log: silentLogger, clock: systemClock });
    const counted: Engine = {
      ...fake,
      start(...parameters) {
        starts++;
        return fake.start(...parameters);
      },
    };
    await open({ engines: [counted] });
    const spec = await makeSpec('r1', 1, { failLoad: 'crash' });
    replicas.put(spec);
    await until(hasState('r1', 'failed'), 'failed');
    expect(find('r1')?.condition).toMatchObject({ reason: 'invalid_model_file' });
    expect(find('r1')?.condition.message).toContain('rejected');
    replicas.put({ ...spec, replicaId: 'r2' });
    await until(hasState('r2', 'failed'), 'failed');
    expect(reasonsOf('r2')).toEqual(['checking_weights', 'queued_for_start', 'invalid_model_file']);
    expect(starts).toBe(2);
  });

  test('a broken file fails its replica with a reason, and the others go on', async () => {
    await open();
    replicas.put(await makeSpec('good', 1, { text: 'Fine.' }));
    replicas.put(await makeSpec('bad', 1, { failLoad: 'error' }));
    await ready('good');
    await until(hasState('bad', 'failed'), 'failed');
    expect(find('bad')?.condition.reason).toBe('invalid_model_file');
    expect((await ask('good')).status).toBe(200);
  });

  test('a failed replica starts anew under a newer order', async () => {
    await open();
    const spec = await makeSpec('r1', 1, { text: 'Back.' });
    replicas.put({ ...spec, file: { ...spec.file, digest: `sha256:${'0'.repeat(64)}` } });
    await until(hasState('r1', 'failed'), 'failed');
    expect(find('r1')?.condition.reason).toBe('weights_missing');
    replicas.put({ ...spec, fence: 2 });
    await ready('r1');
  });
});

describe('many', () => {
  test('load one after the other', async () => {
    let loading = 0;
    let most = 0;
    const fake = createFakeEngine({ log: silentLogger, clock: systemClock });
    const watched: Engine = {
      ...fake,
      async start(...parameters) {
        most = Math.max(most, ++loading);
        return fake.start(...parameters).finally(() => loading--);
      },
    };
    await open({ engines: [watched] });
    for (const id of ['r1', 'r2', 'r3']) replicas.put(await makeSpec(id, 1, { text: id }));
    for (const id of ['r1', 'r2', 'r3']) await ready(id);
    expect(most).toBe(1);
  });

  test('all end within three seconds when the agent ends, also those that load', async () => {
    await open();
    replicas.put(await makeSpec('serving', 1));
    await ready('serving');
    replicas.put(await makeSpec('loading', 1, { loadMs: 3_600_000 }));
    const { socketPath } = replicas.endpoint('serving');
    await replicas[Symbol.asyncDispose]();
    expect(existsSync(socketPath)).toBe(false);
    expect(replicas.list().map((report) => report.condition.state)).toEqual(['stopped', 'stopped']);
    expect(() => replicas.put({} as ReplicaSpec)).toThrow();
  });

  test('numbers are told twice a second, not each time that they change', async () => {
    const clock = createManualClock();
    await open({ clock });
    replicas.put(await makeSpec('r1', 1, { loadMs: 100, text: 'tick', answerTokens: 100_000 }));
    await ready('r1');
    expect(told.filter(({ report }) => report?.condition.reason === 'loading_model')).toHaveLength(1);
    const before = told.length;
    const client = createEngineClient(replicas.endpoint('r1').socketPath);
    await client.stream('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], stream: true }, () =>
      find('r1')?.busySlots === 1 ? 'stop' : undefined,
    );
    expect(told).toHaveLength(before);
    await clock.advance(500);
    expect(told).toHaveLength(before + 1);
    expect(told.at(-1)?.report).toEqual(find('r1'));
  });
});

test('what a killed agent left in the run folder is removed', async () => {
  const folder = await mkdtemp(join(root, 'b-'));
  await mkdir(join(folder, 'engine-old'));
  await writeFile(join(folder, 'other.json'), '{}');
  const weights = createWeights({
    folder: join(folder, 'w'),
    fetchBlob: () => Promise.reject(new Error()),
    knownFolders,
    clock: systemClock,
    log: silentLogger,
  });
  replicas = createReplicas({ engines: [], weights, runFolder: folder, clock: systemClock, log: silentLogger });
  expect(readdirSync(folder).sort()).toEqual(['other.json', 'w']);
});
