import { mkdtemp } from 'node:fs/promises';
import { Agent, request as startRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineOptions } from '@cluster-ai/contracts';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import type { RunningEngine } from '../../engine.ts';
import { createLlamaCppEngine, type LlamaCppEngineDeps } from '../llama-cpp-engine.ts';

/** The model that ships with the product: small, quick, and it really answers. */
export const starterModelPath = fileURLToPath(
  new URL('../../../../../control-plane/assets/starter/cluster-ai-starter.gguf', import.meta.url),
);

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly trailers: NodeJS.Dict<string>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  json(): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  events(): any[];
}

const toEvents = (text: string) =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));

export interface EngineClient {
  post(path: string, body: unknown): Promise<Answer>;
  /** Calls `onData` with each piece; returning `stop` destroys the connection. */
  stream(path: string, body: unknown, onData: (piece: string) => 'stop' | undefined): Promise<void>;
}

export function createEngineClient(socketPath: string): EngineClient {
  const agent = new Agent({ keepAlive: true });
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        const request = startRequest({ socketPath, path, method: 'POST', agent, headers: { 'x-cluster-model': 'm' } }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const { statusCode: status = 0, headers, trailers } = response;
            resolve({ status, headers, trailers, text, json: () => JSON.parse(text), events: () => toEvents(text) });
          });
        });
        request.on('error', reject);
        request.end(typeof body === 'string' ? body : JSON.stringify(body));
      }),
    stream: (path, body, onData) =>
      new Promise((resolve, reject) => {
        const request = startRequest({ socketPath, path, method: 'POST' }, (response) => {
          response.on('data', (chunk: Buffer) => {
            if (onData(chunk.toString()) === 'stop') request.destroy();
          });
          response.on('close', resolve);
        });
        request.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve() : reject(error)));
        request.end(JSON.stringify(body));
      }),
  };
}

export async function startTestEngine(
  path: string = starterModelPath,
  options: EngineOptions = { threads: 1 },
  deps: Partial<LlamaCppEngineDeps> = {},
): Promise<RunningEngine & { readonly client: EngineClient }> {
  const engine = createLlamaCppEngine({ log: silentLogger, clock: systemClock, ...deps });
  const runFolder = await mkdtemp(join(tmpdir(), 'engine-'));
  const hooks = { onProgress: () => {} };
  const running = await engine.start({ replicaId: 'r1', path, runFolder, options }, hooks, AbortSignal.timeout(60_000));
  return Object.assign(running, { client: createEngineClient(running.endpoint.socketPath) });
}

/** Waits until it is so, or fails after a while. */
export async function until(isSo: () => boolean, what: string, limitMs = 50_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
