import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type KeyRing, mergeKeyRings } from '../access/privacy/key-ring.ts';
import { type FoundRing, isRingFileName, readRingFile, ringFileName } from '../access/privacy/ring-file.ts';
import type { MasterKey } from '../access/secrets/master-key.ts';

export interface RingPlaces {
  readonly archive: string;
  /** Which ring the archive names; absent for one that was made before there were any. */
  readonly ringId: string | undefined;
  /** A file that somebody named. */
  readonly named: string | undefined;
  readonly findMaster: (id: string) => MasterKey | undefined;
}

export interface OpenedRing {
  readonly path: string;
  readonly masterKeyId: string;
  readonly ring: KeyRing;
}

/** A ring that is meant and does not open is not passed over: it says who must not come back. */
function refuse(path: string, found: Exclude<FoundRing, { state: 'open' }>): never {
  if (found.state === 'absent')
    throw new ClusterError('file_not_found', `There is no key ring ${path}.`, { hint: 'Check the path.', param: 'keyRing' });
  const hint = 'Or move it away: then sealed chats stay unreadable, and whoever was erased since comes back.';
  if (found.state === 'damaged')
    throw new ClusterError('digest_mismatch', `The key ring ${path} is damaged or was changed.`, {
      hint: `Bring a whole one and name it: --key-ring PATH. ${hint}`,
    });
  throw new ClusterError(
    'secret_unreadable',
    `The key ring ${path} is sealed with the master key ${found.masterKeyId}, which is not here.`,
    {
      hint: `Give that key for this command as CLUSTER_AI_KEY. ${hint}`,
      details: { masterKey: found.masterKeyId },
    },
  );
}

async function openNamed(path: string, findMaster: RingPlaces['findMaster']): Promise<OpenedRing> {
  const found = await readRingFile(path, findMaster);
  return found.state === 'open' ? { path, ...found } : refuse(path, found);
}

/** An archive that is older than all rings: those beside it that open are of the same owner, and say who was erased. */
async function openAll(folder: string, findMaster: RingPlaces['findMaster']): Promise<OpenedRing | undefined> {
  let opened: OpenedRing | undefined;
  for (const name of (await readdir(folder)).filter(isRingFileName).sort()) {
    const path = join(folder, name);
    const found = await readRingFile(path, findMaster);
    if (found.state === 'open') opened = { path, ...found, ring: mergeKeyRings(found.ring, opened?.ring ?? found.ring) };
  }
  return opened;
}

/**
 * The key ring for an archive: the one that was named, else the one beside it. `undefined` where there is none. Throws `file_not_found`,
 * and `secret_unreadable` or `digest_mismatch` for one that does not open.
 */
export async function findKeyRing({ archive, ringId, named, findMaster }: RingPlaces): Promise<OpenedRing | undefined> {
  if (named !== undefined) return openNamed(named, findMaster);
  const folder = dirname(archive);
  if (ringId === undefined) return openAll(folder, findMaster);
  const path = join(folder, ringFileName(ringId));
  const found = await readRingFile(path, findMaster);
  return found.state === 'absent' ? undefined : openNamed(path, findMaster);
}
