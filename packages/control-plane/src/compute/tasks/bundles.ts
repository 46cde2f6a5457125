import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import { describeAct } from '../../access/audit/act.ts';
import { inStore, recordBlob, settleBlobs, toBlobRow } from '../../registry/record-blob.ts';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';

const never = new AbortController().signal;

export interface BundlesDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Pick<Clock, 'now'>;
}

/** Modules of JavaScript by their digest. Whoever has handed one in may use it; that others have the same, nobody learns. */
export function createBundles({ database, blobs, clock }: BundlesDependencies) {
  const find = async (ownerId: string, digests: readonly string[]) =>
    new Set(
      (
        await database.query
          .selectFrom('task_bundles')
          .select('digest')
          .where('owner_id', '=', ownerId)
          .where('digest', 'in', digests)
          .execute()
      ).map(({ digest }) => digest),
    );
  return {
    async add(ownerId: string, text: string): Promise<{ readonly digest: string; readonly sizeBytes: number }> {
      const bytes = Buffer.from(text);
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      describeAct({ target: digest });
      await using folder = await blobs.makeWorkFolder();
      const path = join(folder.path, 'bundle.mjs');
      await writeFile(path, bytes);
      await using staged = await blobs.stage(path, never);
      await staged.send(never);
      try {
        await database.transaction(async (transaction) => {
          await recordBlob(transaction, { row: toBlobRow(digest, bytes.length, inStore, clock.now()), place: staged.place }, blobs);
          await transaction
            .insertInto('task_bundles')
            .values({ digest, owner_id: ownerId, size_bytes: bytes.length, created_at: clock.now() })
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        });
      } finally {
        await settleBlobs(database, blobs, [digest]);
      }
      return { digest, sizeBytes: bytes.length };
    },
    /** Throws `bundle_not_found`. */
    async check(ownerId: string, digests: readonly string[]): Promise<void> {
      const wanted = [...new Set(digests)];
      if (wanted.length === 0) return;
      const known = await find(ownerId, wanted);
      const missing = wanted.find((digest) => !known.has(digest));
      if (missing === undefined) return;
      throw new ClusterError('bundle_not_found', phrase('task_bundle_unknown', { digest: missing }), {
        param: 'input.bundle',
        hint: phrase('task_bundle_hint'),
      });
    },
  };
}
