import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ClusterClient, ClusterError, isClusterError } from '@cluster-ai/client';
import type { ModelFile } from '@cluster-ai/contracts';
import type { Context } from '../../verb.ts';
import { createProgress } from './show-progress.ts';

export interface FetchedFile {
  readonly name: string;
  readonly version: number;
  readonly file: ModelFile;
}

const MOST_TRIES = 5;
const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Reads the bytes of a file of the registry, in order, going on after a break; each piece goes to `take`. */
async function readAll(
  context: Context,
  client: ClusterClient,
  { name, version, file }: FetchedFile,
  from: number,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const tell = createProgress(context, file.path, file.sizeBytes);
  for (let done = from, failures = 0; done < file.sizeBytes; ) {
    try {
      for await (const piece of client.downloadFile(name, version, file.path, { from: done, signal: context.signal })) {
        await take(piece);
        done += piece.length;
        failures = 0;
        tell(done, done - from);
      }
    } catch (error) {
      if (!(isClusterError(error) && error.code === 'not_running') || ++failures >= MOST_TRIES) throw error;
    }
  }
}

function checkDigest(hash: Hash, { file }: FetchedFile): void {
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== file.digest)
    throw new ClusterError('digest_mismatch', `${file.path} has the digest ${digest}, where ${file.digest} was expected.`);
}

/** Whether the registry hands out what it says; throws `digest_mismatch`. Nothing is kept. */
export async function verifyFile(context: Context, client: ClusterClient, fetched: FetchedFile): Promise<void> {
  const hash = createHash('sha256');
  await readAll(context, client, fetched, 0, async (piece) => void hash.update(piece));
  checkDigest(hash, fetched);
}

/** Brings a file here, beside its place until all of it has come and is right; a part that an earlier try left is gone on with. */
export async function fetchFile(context: Context, client: ClusterClient, fetched: FetchedFile, target: string): Promise<void> {
  const partial = `${target}.part`;
  await mkdir(dirname(target), { recursive: true });
  const from = Math.min(await sizeOf(partial), fetched.file.sizeBytes);
  const hash = createHash('sha256');
  if (from > 0) for await (const chunk of createReadStream(partial, { end: from - 1 })) hash.update(chunk as Buffer);
  {
    await using handle = await open(partial, from > 0 ? 'a' : 'w');
    await readAll(context, client, fetched, from, async (piece) => {
      hash.update(piece);
      await handle.writeFile(piece);
    });
    await handle.sync();
  }
  checkDigest(hash, fetched);
  await rename(partial, target);
}
