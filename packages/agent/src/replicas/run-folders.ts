import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'engine-';
/** A Unix socket's path has room for 107 bytes: 30 are left for a folder and a name below this. */
const LONGEST_ROOT_BYTES = 77;

export interface RunFolders {
  /** A fresh folder that only this user can enter, short enough for a socket's path. */
  make(): Promise<AsyncDisposable & { readonly path: string }>;
}

/** Folders for the sockets of engines. What a killed agent left behind is removed first. */
export function openRunFolders(root: string): RunFolders {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(root)) if (name.startsWith(PREFIX)) rmSync(join(root, name), { recursive: true, force: true });
  const parent = Buffer.byteLength(root) <= LONGEST_ROOT_BYTES ? root : tmpdir();
  return {
    async make() {
      const path = await mkdtemp(join(parent, PREFIX));
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    },
  };
}
