import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { type RequestOptions, request as startRequest } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { createLlamaCppEngine } from '../../packages/agent/src/engines/llama-cpp/llama-cpp-engine.ts';

export interface Load {
  readonly modelPath: string;
  readonly threads: number;
  readonly slots: number;
  readonly contextSize: number;
}

export interface Stream {
  readonly prompt: readonly number[];
  readonly tokens: number;
}

/** One way to serve the model. `run` generates all streams side by side and says how many tokens came. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  run(streams: readonly Stream[]): Promise<number>;
}

/** Posts and counts the events of the answer that carry a token. Each on a connection of its own: a kept one may have been closed while others were measured. */
export function countEvents(target: RequestOptions, body: object, isToken: (event: string) => boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = startRequest(
      { ...target, agent: false, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        let rest = '';
        let count = 0;
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const events = (rest + chunk).split('\n\n');
          rest = events.pop() ?? '';
          count += events.filter(isToken).length;
        });
        response.on('error', reject);
        response.on('end', () =>
          response.statusCode === 200 ? resolve(count) : reject(new Error(`status ${response.statusCode}: ${rest}`)),
        );
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Our engine, as the agent runs it: its own process, over its socket, streamed. */
export async function openOurs({ modelPath, threads, slots, contextSize }: Load): Promise<Contender> {
  const engine = createLlamaCppEngine({ log: silentLogger, clock: systemClock });
  const runFolder = await mkdtemp(join(tmpdir(), 'bench-'));
  const options = { threads, parallel: slots, contextSize };
  const running = await engine.start(
    { replicaId: 'bench', path: modelPath, runFolder, options },
    { onProgress() {} },
    AbortSignal.timeout(120_000),
  );
  const target = { socketPath: running.endpoint.socketPath, path: '/v1/completions' };
  const isToken = (event: string) => event.startsWith('data: {') && event.includes('"finish_reason":null');
  return {
    name: 'cluster-ai',
    async run(streams) {
      const counts = streams.map(({ prompt, tokens }) =>
        countEvents(target, { prompt, max_tokens: tokens, temperature: 0, stream: true, cache_prompt: false }, isToken),
      );
      return sum(await Promise.all(counts));
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
    },
  };
}

/** The library's own scheduling: one sequence a stream, all in one process, without any transport. */
export async function openLibraryDefault(load: Load): Promise<Contender> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./library-default.ts', import.meta.url)), [JSON.stringify(load)]);
  await once(child, 'message');
  return {
    name: 'library default',
    async run(streams) {
      child.send(streams);
      const [count] = await once(child, 'message');
      return count;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function waitUntilHealthy(port: number) {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('llama-server did not become healthy.');
}

async function startLlamaServer(binary: string, { modelPath, threads, slots, contextSize }: Load) {
  const port = await findFreePort();
  const flags = { m: modelPath, t: threads, tb: threads, np: slots, c: contextSize * slots, '-host': '127.0.0.1', '-port': port, ngl: 0 };
  const child = spawn(
    binary,
    Object.entries(flags).flatMap(([name, value]) => [`-${name}`, String(value)]),
    { stdio: 'ignore' },
  );
  await waitUntilHealthy(port);
  return { port, child };
}

/**
 * llama-server with continuous batching. It has as many slots as there are streams, a server of its own for each number: with more slots than streams it
 * takes slots that do not lie side by side, and was up to a third slower. Ours has one number of slots for all.
 */
export async function openLlamaServer(binary: string, load: Load, streamCounts: readonly number[]): Promise<Contender> {
  const servers = new Map<number, Awaited<ReturnType<typeof startLlamaServer>>>();
  for (const slots of streamCounts) servers.set(slots, await startLlamaServer(binary, { ...load, slots }));
  const isToken = (event: string) => event.startsWith('data: {') && event.includes('"stop":false');
  return {
    name: 'llama-server',
    async run(streams) {
      const target = { host: '127.0.0.1', port: servers.get(streams.length)?.port, path: '/completion' };
      const counts = streams.map(({ prompt, tokens }) =>
        countEvents(
          target,
          { prompt, n_predict: tokens, temperature: 0, stream: true, cache_prompt: false, ignore_eos: true, return_tokens: true },
          isToken,
        ),
      );
      return sum(await Promise.all(counts));
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of servers.values()) child.kill();
    },
  };
}
