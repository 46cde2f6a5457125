import { randomUUID } from 'node:crypto';
import { type Clock, failpoint, type Logger } from '@cluster-ai/runtime';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database, Query } from '../../stores/database.ts';
import { readBlob, settleBlobs } from '../record-blob.ts';

export interface OrphanDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  readonly graceMs: number;
}

const LABEL = 'blob-store-label';
const ROWS_AT_ONCE = 500;

/** The name that the database and its blob store share; made where neither has one. */
async function haveSameLabel({ database, blobs, clock, log }: OrphanDependencies): Promise<boolean> {
  const row = await database.query.selectFrom('settings').select('value_json').where('key', '=', LABEL).executeTakeFirst();
  const known = row && (JSON.parse(row.value_json) as string);
  const found = await blobs.readLabel();
  if (found !== undefined && found !== known) {
    log.warn({ place: blobs.place }, 'The blobs belong to another database, so none of those that this one does not know is removed');
    return false;
  }
  if (found !== undefined) return true;
  const label = known ?? randomUUID();
  if (known === undefined) {
    const setting = { key: LABEL, value_json: JSON.stringify(label), updated_at: clock.now(), revision: 1 };
    await database.transaction((transaction) => transaction.insertInto('settings').values(setting).execute()); // another one's was first: it fails
  }
  await blobs.writeLabel(label);
  return true;
}

async function findUnknown(query: Query, digests: readonly string[]): Promise<string[]> {
  const rows = await query.selectFrom('blobs').select('digest').where('digest', 'in', digests).execute();
  const known = new Set(rows.map(({ digest }) => digest));
  return digests.filter((digest) => !known.has(digest));
}

function* inParts<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/**
 * Removes files of the store that no row has known for the whole grace: none is left behind by us (see unsettled marks), but a power cut may
 * undo a removal, and somebody may have restored an older database. Gives how many.
 */
export async function removeOrphans(dependencies: OrphanDependencies): Promise<number> {
  const { database, blobs, clock, graceMs } = dependencies;
  if (!(await haveSameLabel(dependencies))) return 0;
  const noted = new Map(
    (await database.query.selectFrom('orphan_files').selectAll().execute()).map(({ digest, found_at }) => [digest, found_at]),
  );
  const unknown = new Set<string>();
  for await (const page of blobs.list())
    for (const part of inParts(page, ROWS_AT_ONCE)) for (const digest of await findUnknown(database.query, part)) unknown.add(digest);

  const fresh = [...unknown].filter((digest) => !noted.has(digest));
  const gone = [...noted.keys()].filter((digest) => !unknown.has(digest));
  const due = [...unknown].filter((digest) => (noted.get(digest) ?? clock.now()) <= clock.now() - graceMs);
  for (const part of inParts(fresh, ROWS_AT_ONCE)) {
    const rows = part.map((digest) => ({ digest, found_at: clock.now() }));
    await database.transaction((transaction) =>
      transaction
        .insertInto('orphan_files')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }
  for (const part of inParts(gone, ROWS_AT_ONCE))
    await database.transaction((transaction) => transaction.deleteFrom('orphan_files').where('digest', 'in', part).execute());
  let count = 0;
  for (const digest of due) if (await removeOrphan(digest, dependencies)) count++;
  return count;
}

/** Marked first, like every removal: then whatever ends the process, the next start goes on. */
async function removeOrphan(digest: string, { database, blobs }: OrphanDependencies): Promise<boolean> {
  const isOrphan = await database.transaction(async (transaction) => {
    await transaction.deleteFrom('orphan_files').where('digest', '=', digest).execute();
    if (await readBlob(transaction, digest)) return false; // somebody has brought it meanwhile
    await blobs.markUnsettled(digest);
    failpoint('garbage.before_orphan');
    return true;
  });
  if (isOrphan) await settleBlobs(database, blobs, [digest]);
  return isOrphan;
}
