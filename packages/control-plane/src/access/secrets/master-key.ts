import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf, writePrivateFile } from '@cluster-ai/runtime';

const KEY_BYTES = 32;
const CREDENTIAL = 'cluster-ai-key';
const CREDENTIAL_PREVIOUS = 'cluster-ai-key-previous';

/** The key that wraps all other keys. As a `KeyObject`, so that no log and no error can print it by accident. */
export interface MasterKey {
  /** Says which key it is, and nothing about it. */
  readonly id: string;
  readonly key: KeyObject;
}

export type MasterKeySource = 'credential' | 'environment' | 'file';

/** What the process was given besides its data folder; empty where it was given nothing. */
export interface GivenKeys {
  /** `CLUSTER_AI_KEY`, base64. */
  readonly key: string;
  /** `CLUSTER_AI_KEY_PREVIOUS`: what the state is still wrapped with, at the first start with another key. */
  readonly previousKey: string;
  /** `CREDENTIALS_DIRECTORY`, which systemd sets. */
  readonly credentials: string;
}

export const noGivenKeys: GivenKeys = { key: '', previousKey: '', credentials: '' };

/** Takes them out of the environment, so that no child inherits them. */
export function takeGivenKeys(environment: Record<string, string | undefined>): GivenKeys {
  const given = {
    key: environment['CLUSTER_AI_KEY'] ?? '',
    previousKey: environment['CLUSTER_AI_KEY_PREVIOUS'] ?? '',
    credentials: environment['CREDENTIALS_DIRECTORY'] ?? '',
  };
  for (const name of ['CLUSTER_AI_KEY', 'CLUSTER_AI_KEY_PREVIOUS', 'CREDENTIALS_DIRECTORY']) delete environment[name];
  return given;
}

export function toMasterKey(bytes: Uint8Array): MasterKey {
  const key = createSecretKey(bytes);
  return { id: Buffer.from(hkdfSync('sha256', key, '', 'cluster-ai master key id', 8)).toString('hex'), key };
}

export const newMasterKey = (): MasterKey => toMasterKey(randomBytes(KEY_BYTES));

/** 32 bytes as they are, or written in base64. */
export function parseMasterKey(content: Buffer, where: string): MasterKey {
  if (content.length === KEY_BYTES) return toMasterKey(content);
  const text = content.toString('latin1').trim();
  const bytes = /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length === KEY_BYTES) return toMasterKey(bytes);
  throw new ClusterError('master_key_refused', `What ${where} holds is not a key.`, {
    hint: 'It must be 32 random bytes in base64: openssl rand -base64 32',
  });
}

const exposed = (path: string, what: string, hint: string) => new ClusterError('master_key_refused', `${path} ${what}.`, { hint });

/** Somebody else's file may be somebody else's key, and a file that others can read is no secret. */
function checkOwnership(path: string, file: number): void {
  const stats = fstatSync(file);
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  if (!stats.isFile()) throw exposed(path, 'is not a regular file', 'Put the key itself there.');
  if (process.getuid !== undefined && stats.uid !== process.getuid())
    throw exposed(path, 'belongs to another user', `Give it to the user that runs the cluster: chown ${process.getuid()} ${path}`);
  if ((stats.mode & 0o077) !== 0)
    throw exposed(
      path,
      `can be read by other users (mode ${mode})`,
      `Close it: chmod 600 ${path}. If somebody may have read it, replace it afterwards: cluster-ai secrets rotate --master`,
    );
}

/** Reads a key file that is its owner's alone. `undefined` where there is none. Throws `master_key_refused`. */
export function readKeyFile(path: string): MasterKey | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    const what = errnoOf(error) === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${errnoOf(error) ?? 'unknown'})`;
    throw exposed(path, what, 'Put the key itself there, readable by the user that runs the cluster.');
  }
  try {
    checkOwnership(path, file);
    return parseMasterKey(readFileSync(file), path);
  } finally {
    closeSync(file);
  }
}

/** systemd sees to who can read its credentials. */
function readCredential(folder: string, name: string): MasterKey | undefined {
  const path = join(folder, name);
  return folder !== '' && existsSync(path) ? parseMasterKey(readFileSync(path), path) : undefined;
}

const readVariable = (value: string, name: string) =>
  value === '' ? undefined : parseMasterKey(Buffer.from(value, 'latin1'), `the environment variable ${name}`);

function syncFolder(path: string): void {
  const file = openSync(path, constants.O_RDONLY);
  fsyncSync(file);
  closeSync(file);
}

/** The files of the master key: the one in force, the next one while it is being replaced, and earlier ones, which old backups need. */
export function createMasterKeyFiles(secretsFolder: string) {
  const current = join(secretsFolder, 'master.key');
  const next = join(secretsFolder, 'master.key.next');
  const retired = join(secretsFolder, 'retired');
  const write = (path: string, { key }: MasterKey) => {
    writePrivateFile(path, `${key.export().toString('base64')}\n`);
    syncFolder(dirname(path));
  };
  return {
    path: current,
    read: () => readKeyFile(current),
    readNext: () => readKeyFile(next),
    readRetired: (id: string) => readKeyFile(join(retired, `${id}.key`)),
    writeFirst: (key: MasterKey) => write(current, key),
    writeNext: (key: MasterKey) => write(next, key),
    /** Beside earlier ones: what somebody else has sealed with it is still to be read. */
    keep(key: MasterKey): void {
      mkdirSync(retired, { recursive: true, mode: 0o700 });
      write(join(retired, `${key.id}.key`), key);
    },
    dropNext: () => rmSync(next, { force: true }),
    /** The next key takes the place of the one that was in force. Can be repeated after a crash at any point of it. */
    promoteNext(): void {
      const old = readKeyFile(current);
      mkdirSync(retired, { recursive: true, mode: 0o700 });
      if (old !== undefined) renameSync(current, join(retired, `${old.id}.key`));
      syncFolder(retired);
      renameSync(next, current);
      syncFolder(secretsFolder);
    },
  };
}
export type MasterKeyFiles = ReturnType<typeof createMasterKeyFiles>;

export interface FoundMasterKey {
  readonly master: MasterKey;
  readonly source: MasterKeySource;
}

/** The first of: systemd credential, environment, file. `undefined` where there is none of them. */
export function findMasterKey(given: GivenKeys, files: MasterKeyFiles): FoundMasterKey | undefined {
  const places = [
    ['credential', () => readCredential(given.credentials, CREDENTIAL)],
    ['environment', () => readVariable(given.key, 'CLUSTER_AI_KEY')],
    ['file', () => files.read()],
  ] as const;
  for (const [source, read] of places) {
    const master = read();
    if (master !== undefined) return { master, source };
  }
  return undefined;
}

/** The key that was in force before, where somebody named it. */
export const findPreviousKey = (given: GivenKeys): MasterKey | undefined =>
  readCredential(given.credentials, CREDENTIAL_PREVIOUS) ?? readVariable(given.previousKey, 'CLUSTER_AI_KEY_PREVIOUS');
