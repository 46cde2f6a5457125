import { randomBytes } from 'node:crypto';
import { type DataFolder, hostCredentialFile, writePrivateFile } from '@cluster-ai/runtime';
import type { Caller } from './caller.ts';
import { hashSecret, isSameHash } from './keys/key-text.ts';
import { permissionsOf } from './roles.ts';

/*
 * Whoever owns the data folder owns the cluster: he could read its keys anyway. So the command line of that machine is admin through a file that only its owner can
 * read, and scripts need no browser. Made anew at each start, so that a copy is of no use for long.
 */

const prefix = 'cai_host_';

export const hostCaller: Caller = {
  kind: 'host',
  id: 'host',
  ownerId: 'local',
  name: 'the owner of this machine',
  role: 'admin',
  permissions: permissionsOf('admin'),
  models: undefined,
};

export function makeHostCredential(folder: Pick<DataFolder, 'run'>) {
  const text = `${prefix}${randomBytes(32).toString('base64url')}`;
  const hash = hashSecret(text);
  const path = hostCredentialFile(folder);
  writePrivateFile(path, `${text}\n`);
  return {
    find: (sent: string): Caller | undefined => (sent.startsWith(prefix) && isSameHash(hashSecret(sent), hash) ? hostCaller : undefined),
  };
}
