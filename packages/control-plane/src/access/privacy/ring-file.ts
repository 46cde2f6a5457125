import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { MasterKey } from '../secrets/master-key.ts';
import { openBytes, sealBytes } from '../secrets/sealed-bytes.ts';
import { type KeyRing, keyRingShape } from './key-ring.ts';

const FORMAT = 'cluster-ai-key-ring';
const HEADER = { purpose: 'key-ring', version: 1 };

const fileShape = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.literal(1),
  masterKeyId: z.string().regex(/^[0-9a-f]{16}$/),
  salt: z.base64(),
  sealed: z.base64(),
});

export const ringFileName = (ringId: string) => `${FORMAT}-${ringId}.sealed`;
export const isRingFileName = (name: string) => /^cluster-ai-key-ring-[0-9a-f]{16}\.sealed$/.test(name);

const deriveKey = ({ key }: MasterKey, salt: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.from(salt, 'base64'), 'cluster-ai key ring', 32)));
const placeOf = (name: string) => ({ table: 'key-ring', column: 'file', row: name });

export type FoundRing =
  | { readonly state: 'absent' }
  /** Its master key is not here. */
  | { readonly state: 'locked'; readonly masterKeyId: string }
  | { readonly state: 'damaged' }
  | { readonly state: 'open'; readonly masterKeyId: string; readonly ring: KeyRing };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads a key ring, whoever put it there: nothing in it counts before it has opened. Throws what the file system throws. */
export async function readRingFile(path: string, findMaster: (id: string) => MasterKey | undefined): Promise<FoundRing> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { state: 'absent' };
  const file = fileShape.safeParse(parseJson(text)).data;
  if (file === undefined) return { state: 'damaged' };
  const { masterKeyId, salt, sealed } = file;
  const master = findMaster(masterKeyId);
  if (master === undefined) return { state: 'locked', masterKeyId };
  const opened = openBytes(deriveKey(master, salt), placeOf(FORMAT), Buffer.from(sealed, 'base64'));
  const ring = keyRingShape.safeParse(parseJson(opened?.toString('utf8') ?? '')).data;
  return ring === undefined ? { state: 'damaged' } : { state: 'open', masterKeyId, ring };
}

/** What was there before, to be overwritten once it is out of the way; nothing where there is none, or a link. */
async function openEarlier(path: string): Promise<FileHandle | undefined> {
  return open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => undefined);
}

/** The bytes of a file that nobody needs any more: a key that was shredded must not lie in free blocks of the disk. */
async function overwrite(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  await file.write(Buffer.alloc(size), 0, size, 0);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path);
  await folder.sync();
}

/** Puts the ring in the place of what was there, whole or not at all, and overwrites the earlier bytes. */
export async function writeRingFile(folder: string, ring: KeyRing, master: MasterKey): Promise<string> {
  const path = join(folder, ringFileName(ring.id));
  const salt = randomBytes(32).toString('base64');
  const sealed = sealBytes(deriveKey(master, salt), HEADER, placeOf(FORMAT), Buffer.from(JSON.stringify(ring), 'utf8'));
  const text = JSON.stringify({ format: FORMAT, formatVersion: 1, masterKeyId: master.id, salt, sealed: sealed.toString('base64') });
  const part = `${path}.part`;
  await rm(part, { force: true });
  {
    await using file = await open(part, 'wx', 0o600);
    await file.writeFile(`${text}\n`);
    await file.sync();
  }
  const earlier = await openEarlier(path);
  try {
    await rename(part, path);
    await syncFolder(dirname(path));
    if (earlier !== undefined) await overwrite(earlier);
  } finally {
    await earlier?.close();
  }
  return path;
}
