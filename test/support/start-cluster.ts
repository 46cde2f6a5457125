import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateDataFolder, readHostCredential } from '@cluster-ai/runtime';

const repository = join(import.meta.dirname, '../..');
const cli = join(repository, 'packages/cli/src/main.ts');
// as `npm start` and `npx cluster-ai` set it: without it every start strips all types anew, which costs time and memory
const compileCache = join(repository, 'node_modules/.cluster-ai/compiled');

export interface StartOptions {
  /** Keeps using a folder, for restarts; a new one otherwise, removed by `stop`. */
  readonly dataFolder?: string;
  /** Text of `cluster.yaml`. */
  readonly config?: string;
  /** Models to register once it runs: a name and the path of a GGUF file or a `*.fake.json`. */
  readonly models?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
  /** A prefix for the command, for example `nsenter …` to start inside another host of the test bed. */
  readonly prefix?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** For clusters that are asked to bring models from elsewhere and must reach nobody. */
export const noUpstream = 'imports: { ollamaRegistry: "https://127.0.0.1:9", huggingFace: "https://127.0.0.1:9" }\n';

/** A real cluster of one machine in a folder of its own, with free ports. */
export interface TestCluster extends AsyncDisposable {
  readonly url: string;
  readonly ollamaUrl: string;
  /** Where the registry is at the root. */
  readonly registryUrl: string;
  readonly linkAddress: string;
  /** Where the first admin is made, once. Undefined once there is one. */
  readonly setupUrl: string | undefined;
  readonly dataFolder: string;
  /** The supervisor, and below it the processes that do the work. */
  readonly pids: () => Promise<{
    readonly up: number;
    readonly controlPlane: number;
    readonly agent: number;
    readonly engines: readonly number[];
  }>;
  /** Everything that `up` wrote to its standard error. */
  readonly output: () => string;
  /** What the command line of this machine sends: whoever has it may do everything. Made anew at each start. */
  readonly ownerHeaders: () => { readonly authorization: string };
  /** Runs a CLI verb against this cluster. */
  readonly cli: (...args: string[]) => Promise<CliResult>;
  /** Stops it, removes its folder unless it was given. */
  stop(): Promise<void>;
  /** Stops it and starts it again over the same folder, on the same ports; `meanwhile` runs while nothing answers there. */
  restart(meanwhile?: () => Promise<void>): Promise<TestCluster>;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the CLI as a person would. */
export async function runCli(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: repository,
    env: { ...process.env, LANG: 'C', NO_COLOR: '1', NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

interface Ready {
  readonly url: string;
  readonly setup: { readonly url: string } | null;
  readonly linkAddress: string;
  readonly listeners: readonly { readonly name: string; readonly address: string }[];
}

/** The first line of JSON on standard output: `up --json` says one object when it is ready. */
function readReady(child: ChildProcess, output: () => string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      const line = text.split('\n')[0];
      if (text.includes('\n') && line) resolve(JSON.parse(line) as Ready);
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`cluster-ai up ended (${code ?? signal}) before it was ready:\n${text}${output()}`)),
    );
  });
}

/** Children of a process, by /proc. */
export async function childrenOf(pid: number): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== pid) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    found.push({ pid: Number(entry), command: command.replaceAll('\0', ' ') });
  }
  return found;
}

/** Whether a process exists and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

/** Waits for a condition to hold. Throws with its name when it does not within `timeoutMs`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const value = await Promise.resolve(check()).catch(() => undefined);
    if (value !== undefined && value !== false) return value as T;
    if (performance.now() > until) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the owner of a data folder sends to its control plane. */
export const ownerHeadersOf = (dataFolder: string) => ({ authorization: `Bearer ${readHostCredential(locateDataFolder(dataFolder, {}))}` });

export async function startCluster(options: StartOptions = {}): Promise<TestCluster> {
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'cluster-')));
  await mkdir(dataFolder, { recursive: true });
  if (options.config !== undefined) await writeFile(join(dataFolder, 'cluster.yaml'), options.config);
  const wanted = options.arguments ?? ['--port', '0', '--ollama-port', '0', '--registry-port', '0', '--link-port', '0'];
  const [command = process.execPath, ...args] = [
    ...(options.prefix ?? []),
    process.execPath,
    cli,
    'up',
    '--json',
    '--no-open',
    '--data-dir',
    dataFolder,
    ...wanted,
  ];
  const child = spawn(command, args, {
    cwd: repository,
    env: { ...process.env, LANG: 'C', NODE_COMPILE_CACHE: compileCache, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-100_000);
  });
  const ready = await readReady(child, () => errors);
  const [ollama, registry] = ['ollama', 'registry'].map((wanted) => ready.listeners.find(({ name }) => name === wanted));
  const up = child.pid ?? -1;

  async function pids() {
    const ours = await childrenOf(up);
    const controlPlane = ours.find((other) => other.command.includes('control'))?.pid ?? -1;
    const agent = ours.find((other) => other.command.includes('agent'))?.pid ?? -1;
    const engines = agent === -1 ? [] : (await childrenOf(agent)).map(({ pid }) => pid);
    return { up, controlPlane, agent, engines };
  }

  async function end(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
      await ended;
      clearTimeout(timer);
    }
  }

  const cluster: TestCluster = {
    url: ready.url,
    ollamaUrl: ollama ? `http://${ollama.address.replace(/^https?:\/\//, '')}` : '',
    registryUrl: registry ? `http://${registry.address.replace(/^https?:\/\//, '')}` : '',
    linkAddress: ready.linkAddress,
    setupUrl: ready.setup?.url,
    dataFolder,
    pids,
    output: () => errors,
    ownerHeaders: () => ownerHeadersOf(dataFolder),
    cli: (...rest) => runCli([...rest, '--data-dir', dataFolder]),
    async stop() {
      await end();
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
    },
    async restart(meanwhile) {
      await end();
      await meanwhile?.();
      const ports = [
        '--port',
        new URL(ready.url).port,
        '--link-port',
        ready.linkAddress.split(':').at(-1) ?? '0',
        '--ollama-port',
        new URL(cluster.ollamaUrl || 'http://x:0').port || '0',
        '--registry-port',
        new URL(cluster.registryUrl || 'http://x:0').port || '0',
      ];
      return startCluster({ ...options, dataFolder, arguments: options.arguments ?? ports, models: {} });
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  };

  for (const [name, path] of Object.entries(options.models ?? {})) {
    const response = await fetch(`${ready.url}/api/v1/models`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...cluster.ownerHeaders() },
      body: JSON.stringify({ name, path }),
    });
    if (!response.ok) throw new Error(`${name} could not be registered: ${await response.text()}`);
  }
  return cluster;
}
