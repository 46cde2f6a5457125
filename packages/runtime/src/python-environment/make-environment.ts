import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComputeVersions, computeVersionsShape } from '@cluster-ai/contracts';
import { readLines } from '../link/read-lines.ts';
import type { FoundPython } from './find-python.ts';
import type { PythonSources } from './python-sources.ts';

const longestLine = 1024 * 1024;
const longestReason = 500;

/** Proxies, indexes and certificates of the machine are its owner's choice; the rest of our environment is none of pip's business. */
const isForInstallers = (name: string) =>
  /^(?:PATH|HOME|LANG|LC_ALL|TMPDIR|https?_proxy|no_proxy|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|PIP_.+|UV_.+|XDG_.+)$/i.test(name);

export interface Making {
  readonly found: FoundPython;
  readonly sources: PythonSources;
  /** Of the environment; whatever is in it goes first. */
  readonly folder: string;
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

export const pythonOf = (folder: string) => join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/** Runs an installer. Throws with the last line that it said. */
async function runStep(command: string, args: readonly string[], signal: AbortSignal, onLine: (line: string) => void = () => {}) {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => isForInstallers(name)));
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
  let last = '';
  const follow = async (stream: typeof child.stdout) => {
    for await (const line of readLines(stream, longestLine)) {
      if (line.trim() !== '' && !line.startsWith('[notice]')) last = line.trim();
      onLine(line);
    }
  };
  const followed = Promise.all([follow(child.stdout), follow(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  await followed.catch(() => {});
  if (code !== 0) throw new Error(last.slice(0, longestReason) || `${command} ended with ${code ?? 'a signal'}.`);
}

const worksHere = (command: string, signal: AbortSignal) =>
  runStep(command, ['--version'], signal).then(
    () => true,
    () => false,
  );

/** Only wheels, so that nothing of a package runs while it is installed; only by hash; nothing but what the lock names. */
const howToInstall = (lockFile: string) => ['--require-hashes', '--only-binary', ':all:', '--no-deps', '-r', lockFile];

async function installWithUv({ sources, folder, found, signal }: Making): Promise<void> {
  await runStep('uv', ['venv', '--no-config', '--python', found.path, folder], signal);
  await runStep('uv', ['pip', 'install', '--python', pythonOf(folder), ...howToInstall(sources.lockFile)], signal);
}

/** pip says `Collecting` once for each package, and is quiet while it unpacks them. */
async function installWithPip({ sources, folder, found, onProgress, signal }: Making, packages: number): Promise<void> {
  await runStep(found.path, ['-m', 'venv', folder], signal);
  onProgress(0.1);
  let collected = 0;
  const flags = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
  await runStep(pythonOf(folder), ['-m', 'pip', 'install', ...flags, ...howToInstall(sources.lockFile)], signal, (line) => {
    if (line.startsWith('Collecting ')) onProgress(0.1 + 0.6 * Math.min(1, ++collected / packages));
    if (line.startsWith('Installing ')) onProgress(0.75);
  });
}

const question = `import json, platform, dask, distributed, cloudpickle, pandas, pyarrow, bokeh, onnxruntime, numpy
print(json.dumps({"python": platform.python_version(), "dask": dask.__version__, "distributed": distributed.__version__, "cloudpickle": cloudpickle.__version__}))`;

/** Imports what was installed: that it is there does not say that it runs on this machine. */
async function readVersions(folder: string, signal: AbortSignal): Promise<ComputeVersions> {
  let answer = '';
  await runStep(pythonOf(folder), ['-I', '-c', question], signal, (line) => {
    if (line.startsWith('{')) answer = line;
  });
  return computeVersionsShape.parse(JSON.parse(answer));
}

/** Makes the environment anew. Throws with what the installer said last. */
export async function makeEnvironment(making: Making, packages: number): Promise<ComputeVersions> {
  const { folder, onProgress, signal } = making;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o755 });
  onProgress(0.02);
  await ((await worksHere('uv', signal)) ? installWithUv(making) : installWithPip(making, packages));
  onProgress(0.9);
  const versions = await readVersions(folder, signal);
  onProgress(1);
  return versions;
}
