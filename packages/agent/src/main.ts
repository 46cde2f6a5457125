import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AgentMessage, AgentStart } from '@cluster-ai/contracts';
import {
  aborted,
  environmentsFolder,
  locateDataFolder,
  makeDataFolder,
  openLogger,
  openPythonEnvironment,
  systemClock,
} from '@cluster-ai/runtime';
import { createLazyCompute } from './dask/lazy-compute.ts';
import { createFakeEngine } from './engines/fake/fake-engine.ts';
import { createLlamaCppEngine } from './engines/llama-cpp/llama-cpp-engine.ts';
import { openHardware } from './hardware/open-hardware.ts';
import { createFetchBlob } from './link/blob-client.ts';
import { openLink } from './link/open-link.ts';
import { createReplicas } from './replicas/create-replicas.ts';
import { createWeights } from './weights/create-weights.ts';
import { locateKnownFolders } from './weights/found/known-folders.ts';
import { createFetchPace } from './weights/pace-fetches.ts';

/** The composition root of a node: what it can run, what it runs, and the link over which it is told. Ends when the signal aborts or the node is removed. */
export async function runAgent(start: AgentStart, tell: (message: AgentMessage) => void, signal: AbortSignal): Promise<void> {
  const clock = systemClock;
  const folder = locateDataFolder(start.dataFolder, {});
  makeDataFolder(folder);
  const log = await openLogger({ process: 'agent', level: start.logLevel ?? 'info', file: join(folder.logs, 'agent.log') });
  const hardware = await openHardware({ dataFolder: folder.root, clock, log }, signal);
  const knownFolders = locateKnownFolders(homedir(), process.env);
  const isBusy = () => replicas.list().some(({ busySlots }) => busySlots > 0);
  const weights = createWeights({
    folder: join(folder.agent, 'weights'),
    fetchBlob: createFetchBlob(folder),
    pace: createFetchPace({ clock, isBusy }),
    knownFolders,
    clock,
    log,
  });
  const engines = [createLlamaCppEngine({ clock, log }), createFakeEngine({ clock, log })];
  await using replicas = createReplicas({ engines, weights, runFolder: folder.run, clock, log });
  void weights.keepIntact(signal);
  await using compute = createLazyCompute(async () => {
    const { openCompute } = await import('./dask/open-compute.ts'); // most nodes never need it
    return openCompute({
      folder,
      weights,
      openEnvironment: (minor) => openPythonEnvironment({ folder: environmentsFolder(folder.root), python: '', minor, clock, log }),
      isLocal: start.isLocal === true || existsSync(join(folder.secrets, 'ca.key')), // also an agent that was started by hand beside it
      clock,
      log,
    });
  });
  await using link = await openLink(
    { start, folder, replicas, weights, hardware, compute, clock, log, version: start.version, onState: tell },
    signal,
  );
  log.info({ nodeId: link.nodeId, name: link.name }, 'The agent started');
  await Promise.race([aborted(signal), link.removed]);
  log.info({}, 'The agent stops');
}
