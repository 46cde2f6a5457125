import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/start-cluster.ts';
import { whyNoProgram } from './cached-folder.ts';
import { pythonEnvironment } from './python-environment.ts';

const environment = pythonEnvironment('open-webui', 'open-webui.requirements.txt', 1_200_000);
const program = process.env['OPEN_WEBUI'] ?? join(environment.path, 'bin/open-webui');

/** Why Open WebUI cannot be tested on this machine; `undefined` when it can. */
export const whyNoOpenWebUi = () =>
  whyNoProgram({ folder: environment, cost: '2.2 GB, two minutes, with Python 3.11 or 3.12', variable: 'OPEN_WEBUI' });

/** One Open WebUI in a folder of its own, with nobody to sign in. */
export interface OpenWebUi extends AsyncDisposable {
  readonly url: string;
  /** Everything that it wrote. */
  readonly output: () => string;
}

export interface Connections {
  readonly ollamaUrl: string;
  readonly openAiUrl: string;
  /** The model that names chats and guesses the next question; without one the chat's own does it. */
  readonly taskModel: string;
  readonly embeddingModel: string;
}

/** What a person would set, and that nothing is fetched: no weights, no list of releases, no packages of plugins. */
const toEnvironment = (folder: string, { ollamaUrl, openAiUrl, taskModel, embeddingModel }: Connections) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: folder,
  DATA_DIR: join(folder, 'data'),
  STATIC_DIR: join(folder, 'static'),
  OFFLINE_MODE: 'true',
  ANONYMIZED_TELEMETRY: 'false',
  WEBUI_SECRET_KEY: 'only for this test',
  WEBUI_AUTH: 'false',
  OLLAMA_BASE_URL: ollamaUrl,
  OPENAI_API_BASE_URL: `${openAiUrl}/v1`,
  OPENAI_API_KEY: 'unused',
  TASK_MODEL: `${taskModel}:latest`,
  TASK_MODEL_EXTERNAL: taskModel,
  RAG_EMBEDDING_ENGINE: 'ollama',
  RAG_EMBEDDING_MODEL: `${embeddingModel}:latest`,
  RAG_OLLAMA_BASE_URL: ollamaUrl,
});

/** It takes no 0 for "any port". */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000); // an open page keeps it from ending
  await ended;
  clearTimeout(timer);
}

async function isUp(url: string, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) return true; // no use to wait on; the caller looks
  return (await fetch(`${url}/health`)).ok;
}

export async function startOpenWebUi(connections: Connections): Promise<OpenWebUi> {
  const folder = await mkdtemp(join(tmpdir(), 'open-webui-'));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(program, ['serve', '--host', '127.0.0.1', '--port', String(port)], {
    cwd: folder,
    env: toEnvironment(folder, connections),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk).slice(-100_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const close = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  await eventually('Open WebUI answers', () => isUp(url, child), 180_000).catch(async (error: unknown) => {
    await close();
    throw new Error(`${String(error)}\n${output}`);
  });
  if (child.exitCode !== null) {
    await close();
    throw new Error(`Open WebUI ended with ${child.exitCode}:\n${output}`);
  }
  return { url, output: () => output, [Symbol.asyncDispose]: close };
}
