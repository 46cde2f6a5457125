import { chmod, mkdir, rm } from 'node:fs/promises';
import { type ChildExit, type Logger, pythonVariables, startProgram } from '@cluster-ai/runtime';
import type { ReadyEnvironment } from './worker-environment.ts';
import { type WorkerConfiguration, type WorkerFailure, type WorkerMessage, workerMessageShape } from './worker-messages.ts';

const keptLines = 40;
/** It closes Dask's worker first, which takes a moment. */
const stopWithinMs = 8000;
const retireWithinMs = 60_000;

export interface WorkerProcess {
  readonly exited: Promise<ChildExit>;
  /** Why it will end, where it said so. */
  failure(): WorkerFailure | undefined;
  /** The last of what it printed. */
  lastLines(): readonly string[];
  /** Its data goes to other workers, then it ends. */
  retire(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorkerProcessDeps {
  readonly environment: ReadyEnvironment;
  readonly configuration: WorkerConfiguration;
  readonly onMessage: (message: WorkerMessage) => void;
  readonly log: Logger;
}

/** Nothing that tasks left there may decide how the next worker starts. Passable, for where it works as another user. */
async function makeScratch(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/** Starts Dask's nanny and worker as one process tree that ends with us. */
export async function startWorkerProcess({ environment, configuration, onMessage, log }: WorkerProcessDeps): Promise<WorkerProcess> {
  const { python, sources } = environment;
  const { scratch } = configuration;
  await makeScratch(scratch);
  const lines: string[] = [];
  let failure: WorkerFailure | undefined;
  const child = startProgram({
    command: python,
    args: ['-m', 'cluster_ai.worker'],
    environment: pythonVariables(sources, scratch),
    folder: sources.modules[0] ?? scratch,
    configuration,
    onMessage(said) {
      const message = workerMessageShape.safeParse(said);
      if (!message.success) return log.warn({ type: said['type'] }, 'The worker said something that this version does not know');
      if (message.data.type === 'failed') failure = message.data;
      onMessage(message.data);
    },
    onErrorLine(line) {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      log.debug({ line }, 'The worker printed');
    },
  });
  return {
    exited: child.exited,
    failure: () => failure,
    lastLines: () => lines,
    async retire() {
      child.send({ type: 'retire', withinSeconds: retireWithinMs / 1000 });
      const timer = setTimeout(() => void child.stop(stopWithinMs), retireWithinMs + stopWithinMs);
      await child.exited;
      clearTimeout(timer);
    },
    stop: async () => void (await child.stop(stopWithinMs)),
  };
}
