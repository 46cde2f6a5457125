import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import { writeBlob } from '../../../../registry/free-blobs.ts';
import { writeLease } from '../../../../registry/garbage/leases.ts';
import type { Uploads } from '../../../../registry/uploads/uploads.ts';
import type { BlobStore } from '../../../../stores/blob-store.ts';
import type { Database } from '../../../../stores/database.ts';

const HOUR_MS = 3_600_000;

/** Uploads that work and survive nothing. For tests of what lies before them. */
export async function openSimpleUploads(database: Database, blobs: BlobStore) {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-ai-uploads-'));
  const owners = new Map<string, string>();
  const fileOf = (id: string) => join(folder, id);
  const check = (id: string, owner: string) => {
    if (owners.get(id) !== owner) throw new ClusterError('upload_not_found', 'There is no such upload.');
  };
  const status = async (id: string) => ({
    id,
    offset: await stat(fileOf(id)).then(
      ({ size }) => size,
      () => 0,
    ),
    sizeBytes: null,
    expiresAt: HOUR_MS,
  });
  const uploads: Uploads = {
    async start({ owner }) {
      const id = newId('upload', Date.now());
      owners.set(id, owner);
      return status(id);
    },
    async append(id, owner, offset, bytes) {
      check(id, owner);
      if ((await status(id)).offset !== offset) throw new ClusterError('range_not_satisfiable', 'Begin where the last bytes ended.');
      for await (const chunk of bytes) await appendFile(fileOf(id), chunk);
      return status(id);
    },
    async status(id, owner) {
      check(id, owner);
      return status(id);
    },
    async finish(id, owner, wanted) {
      check(id, owner);
      await appendFile(fileOf(id), '');
      await using staged = await blobs.stage(fileOf(id), new AbortController().signal);
      if (wanted.digest !== undefined && wanted.digest !== staged.digest) throw new ClusterError('digest_mismatch', 'Other bytes.');
      await database.transaction(async (transaction) => {
        await staged.place();
        const none = { path: '', identity: '', created_at: 0, verified_at: 0, unreferenced_at: null, damaged_at: null };
        await writeBlob(transaction, { digest: staged.digest, size_bytes: staged.sizeBytes, location: 'store', ...none });
        await writeLease(transaction, staged.digest, owner, HOUR_MS);
      });
      await uploads.cancel(id, owner);
      return { digest: staged.digest, sizeBytes: staged.sizeBytes };
    },
    async cancel(id, owner) {
      check(id, owner);
      owners.delete(id);
      await rm(fileOf(id), { force: true });
    },
    run: async () => {},
  };
  return { uploads, begun: () => readdir(folder), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
