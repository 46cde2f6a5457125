import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ComputeVersions, type Condition, computeVersionsShape, isClusterError, toCondition } from '@cluster-ai/contracts';
import type { Clock } from '../clock.ts';
import { writePrivateFile } from '../link/write-private-file.ts';
import type { Logger } from '../logger.ts';
import { backoffMs } from '../supervised-child.ts';
import { type FoundPython, findPython } from './find-python.ts';
import { makeEnvironment, pythonOf } from './make-environment.ts';
import { locatePython, type PythonSources } from './python-sources.ts';
import { withFileLock } from './with-file-lock.ts';

const run = promisify(execFile);
const ASK_MS = 20_000;
const firstPauseMs = 5000;
const longestPauseMs = 10 * 60_000;

/** Where the program keeps it, unless the environment names another place for all of a machine's (tests share one). */
export const ENVIRONMENTS_VARIABLE = 'CLUSTER_AI_PYTHON_ENVIRONMENTS';

export interface ReadyPython {
  /** The interpreter. */
  readonly python: string;
  readonly folder: string;
  readonly versions: ComputeVersions;
  /** SHA-256 of the locked requirements. */
  readonly lock: string;
  readonly sources: PythonSources;
}

export interface PythonEnvironment {
  condition(): Condition;
  /** 0 to 1 while it is being made. */
  progress(): number | null;
  /** What there is now; `undefined` until `ensure` has found or made it. */
  current(): ReadyPython | undefined;
  /** Finds it or makes it, as often as it takes; rejects with the signal's reason only. Whoever asks meanwhile waits for the same. */
  ensure(signal: AbortSignal): Promise<ReadyPython>;
  onChange(listener: () => void): () => void;
}

export interface PythonEnvironmentDeps {
  /** Holds one folder for each set of requirements and minor version of Python. */
  readonly folder: string;
  /** `compute.python`: with which Python it is made; empty looks for one. */
  readonly python: string;
  /** Only this minor version, for example 3.11. */
  readonly minor?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

async function countPackages({ lockFile }: PythonSources): Promise<number> {
  return (await readFile(lockFile, 'utf8')).match(/^[a-z][\w.-]*==/gim)?.length ?? 1;
}

/** One that was made to the end and still runs: an update of the system may take the Python away that it stands on. */
async function findMade(folder: string, sources: PythonSources): Promise<ReadyPython | undefined> {
  try {
    const marker = JSON.parse(await readFile(join(folder, 'finished.json'), 'utf8')) as {
      readonly lock: unknown;
      readonly versions: unknown;
    };
    const versions = computeVersionsShape.parse(marker.versions);
    const python = pythonOf(folder);
    const { stdout } = await run(python, ['-I', '-c', 'import platform; print(platform.python_version())'], { timeout: ASK_MS });
    const isSame = marker.lock === sources.lock && stdout.trim() === versions.python;
    return isSame ? { python, folder, versions, lock: sources.lock, sources } : undefined;
  } catch {
    return undefined;
  }
}

/** The Python environment of compute on this machine: set up on first use from the locked requirements. */
export function openPythonEnvironment({ folder, python, minor, clock, log }: PythonEnvironmentDeps): PythonEnvironment {
  const sources = locatePython();
  const listeners = new Set<() => void>();
  let condition = toCondition('starting', 'environment_installing', clock.now());
  let progress: number | null = null;
  let current: ReadyPython | undefined;
  let running: Promise<ReadyPython> | undefined;

  function tell(next: Condition, share: number | null): void {
    condition = next;
    progress = share;
    for (const listener of listeners) listener();
  }

  async function make(found: FoundPython, target: string, signal: AbortSignal): Promise<ReadyPython> {
    const packages = await countPackages(sources);
    log.info({ python: found.path, folder: target }, 'The Python environment is being set up');
    const onProgress = (share: number) => tell(condition, share);
    const versions = await makeEnvironment({ found, sources, folder: target, onProgress, signal }, packages);
    writePrivateFile(join(target, 'finished.json'), JSON.stringify({ lock: sources.lock, versions }));
    log.info({ ...versions, folder: target }, 'The Python environment is ready');
    return { python: pythonOf(target), folder: target, versions, lock: sources.lock, sources };
  }

  const nameFor = (version: string) => `${sources.lock.slice(0, 16)}-${version}`;

  async function attempt(signal: AbortSignal): Promise<ReadyPython> {
    // another process may have made it with a Python that is not in our path
    const shared = minor === undefined ? undefined : await findMade(join(folder, nameFor(minor)), sources);
    if (shared !== undefined) return shared;
    const found = await findPython({ named: python, minor });
    const name = nameFor(found.minor);
    const target = join(folder, name);
    const made = await findMade(target, sources);
    if (made !== undefined) return made;
    await mkdir(folder, { recursive: true });
    return withFileLock(join(folder, `${name}.lock`), clock, signal, async () => {
      return (await findMade(target, sources)) ?? make(found, target, signal);
    });
  }

  function toFailure(error: unknown): Condition {
    if (!isClusterError(error) || error.code !== 'compute_unavailable')
      return toCondition('failed', 'environment_failed', clock.now(), { message: error instanceof Error ? error.message : String(error) });
    const reason = error.details['reason'] === 'python_differs' ? 'python_differs' : 'python_missing';
    return toCondition('stopped', reason, clock.now(), { message: error.message, hint: error.hint ?? '' });
  }

  async function keepTrying(signal: AbortSignal): Promise<ReadyPython> {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      tell(toCondition('starting', 'environment_installing', clock.now()), null);
      try {
        current = await attempt(signal);
        tell(toCondition('ready', 'serving', clock.now()), null);
        return current;
      } catch (error) {
        signal.throwIfAborted();
        tell(toFailure(error), null);
        log.warn({ reason: condition.reason, detail: condition.message }, 'The Python environment could not be set up; it is tried again');
        await clock.sleep(backoffMs(tries, firstPauseMs, longestPauseMs), signal);
      }
    }
  }

  return {
    condition: () => condition,
    progress: () => progress,
    current: () => current,
    async ensure(signal) {
      if (current !== undefined) return current;
      running ??= keepTrying(signal).finally(() => {
        running = undefined;
      });
      return running;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Where the environments of a data folder lie. */
export const environmentsFolder = (dataFolder: string): string =>
  process.env[ENVIRONMENTS_VARIABLE] ?? join(dataFolder, 'compute', 'python');
