import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import type { DataFolder } from './data-folder.ts';

/** Where the control plane leaves what makes the owner of its data folder an admin. Made anew at each start. */
export const hostCredentialFile = (folder: Pick<DataFolder, 'run'>) => join(folder.run, 'host.credential');

/** What the command line sends as its key. Undefined where there is none; throws `forbidden` when others could have read or written it. */
export function readHostCredential(folder: Pick<DataFolder, 'run'>): string | undefined {
  const path = hostCredentialFile(folder);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return undefined;
  if ((found.mode & 0o077) !== 0)
    throw new ClusterError('forbidden', `Others could have read or changed ${path}, so it proves nothing.`, {
      hint: 'Restart the cluster: it makes a new one.',
    });
  return readFileSync(path, 'utf8').trim();
}
