import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf } from './errno.ts';

/** Where everything of one machine lies. The tree is the same for control plane and agent. */
export interface DataFolder {
  readonly root: string;
  readonly database: string;
  readonly blobs: string;
  readonly secrets: string;
  readonly logs: string;
  /** What the running processes tell each other: addresses, process ids. Gone after a clean stop. */
  readonly run: string;
  /** The agent's own: identity, weights fetched from the cluster. */
  readonly agent: string;
  readonly config: string;
}

/** `--data-dir`, else `CLUSTER_AI_HOME`, else `~/.cluster-ai`. */
export function locateDataFolder(explicit: string | undefined, environment: Readonly<Record<string, string | undefined>>): DataFolder {
  const named = explicit ?? environment['CLUSTER_AI_HOME'] ?? join(homedir(), '.cluster-ai');
  const root = isAbsolute(named) ? named : resolve(named);
  return {
    root,
    database: join(root, 'state', 'cluster.db'),
    blobs: join(root, 'blobs'),
    secrets: join(root, 'secrets'),
    logs: join(root, 'logs'),
    run: join(root, 'run'),
    agent: join(root, 'agent'),
    config: join(root, 'cluster.yaml'),
  };
}

/** Level by level: where a folder can never be made (below /proc), Node's recursive way tries for ever. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Makes the folders, readable by their owner only. Throws `data_folder_unwritable` or `disk_full` with the path. */
export function makeDataFolder(folder: DataFolder): void {
  try {
    for (const path of [folder.root, join(folder.root, 'state'), folder.blobs, folder.secrets, folder.logs, folder.run, folder.agent])
      makeFolder(path);
    accessSync(folder.root, constants.W_OK);
  } catch (error) {
    if (errnoOf(error) === 'ENOSPC')
      throw new ClusterError('disk_full', `The disk of ${folder.root} is full.`, {
        hint: 'Free some space, or name another folder with --data-dir.',
        cause: error,
      });
    throw new ClusterError('data_folder_unwritable', `The data folder ${folder.root} cannot be written (${errnoOf(error) ?? 'unknown'}).`, {
      hint: 'Give this user the folder, or name another one with --data-dir.',
      cause: error,
    });
  }
}
