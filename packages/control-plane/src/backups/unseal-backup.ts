import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { createMasterKeyFiles, findMasterKey, type GivenKeys, type MasterKey, readKeyFile } from '../access/secrets/master-key.ts';
import { type ArchiveKeys, type ArchiveSeal, deriveArchiveKeys, isSigned, openFile } from './archive-seal.ts';

export interface KeyPlaces {
  /** A file that somebody named. */
  readonly keyFile: string | undefined;
  readonly given: GivenKeys;
  /** `secrets/` of the data folder that is there now: on the same machine the key lies there still. */
  readonly secretsFolder: string;
}

interface ArchiveMasterKey {
  readonly master: MasterKey;
  /** Whether the restored cluster gets it by credential or environment, and needs no file. */
  readonly isGiven: boolean;
}

function findKey({ masterKeyId }: ArchiveSeal, { keyFile, given, secretsFolder }: KeyPlaces): ArchiveMasterKey | undefined {
  const files = createMasterKeyFiles(secretsFolder);
  const named = keyFile === undefined ? undefined : readKeyFile(keyFile);
  if (keyFile !== undefined && named === undefined)
    throw new ClusterError('file_not_found', `There is no key file ${keyFile}.`, { hint: 'Check the path.', param: 'keyFile' });
  if (named !== undefined) return named.id === masterKeyId ? { master: named, isGiven: false } : undefined;
  const found = findMasterKey(given, files);
  if (found?.master.id === masterKeyId) return { master: found.master, isGiven: found.source !== 'file' };
  const kept = [files.read(), files.readRetired(masterKeyId)].find((master) => master?.id === masterKeyId);
  return kept === undefined ? undefined : { master: kept, isGiven: false };
}

/** Any master key that is to be had here: another file beside the archive may be sealed with a later one. */
export function findMasterKeyById(id: string, { keyFile, given, secretsFolder }: KeyPlaces): MasterKey | undefined {
  const files = createMasterKeyFiles(secretsFolder);
  const named = keyFile === undefined ? undefined : readKeyFile(keyFile);
  return [named, findMasterKey(given, files)?.master, files.read(), files.readRetired(id)].find((master) => master?.id === id);
}

/** The master key that an archive was made with. Throws `secret_unreadable` when it is not here. */
export function getArchiveMasterKey(seal: ArchiveSeal, archive: string, places: KeyPlaces): ArchiveMasterKey {
  const found = findKey(seal, places);
  if (found !== undefined) return found;
  throw new ClusterError('secret_unreadable', `${archive} is sealed with the master key ${seal.masterKeyId}, which is not here.`, {
    hint: 'Bring it from where it is kept, or from secrets/master.key of the machine that made the backup, and name it: --key-file PATH',
    details: { masterKey: seal.masterKeyId },
  });
}

/** Throws `digest_mismatch` when the manifest is not the one that was written with this key: then nothing in the archive is proven. */
export function proveManifest(seal: ArchiveSeal, master: MasterKey, manifest: string, signature: string, archive: string): ArchiveKeys {
  const keys = deriveArchiveKeys(master, seal);
  if (isSigned(keys, manifest, signature)) return keys;
  throw new ClusterError('digest_mismatch', `${archive} was changed after it was made.`, {
    hint: 'Take another backup; nothing was changed here.',
  });
}

async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.sync();
}

/** Opens the sealed files of an unpacked archive and puts them where they belong. */
export async function unsealFiles(staged: string, keys: ArchiveKeys): Promise<void> {
  const folder = join(staged, 'sealed');
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of found.filter((candidate) => candidate.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    const content = openFile(keys, name, await readFile(path));
    if (content === undefined) throw new ClusterError('digest_mismatch', `The file ${name} in the backup does not open with its key.`);
    await writeWhole(join(staged, name), content);
  }
  await rm(folder, { recursive: true });
}
