import { type CatalogVersion, ClusterError, isDigest, type ModelFile, type publishVersionShape } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { z } from 'zod';
import { type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { Database, Query } from '../../stores/database.ts';
import type { FindBlob, ReadableBlob } from '../blob-reader.ts';
import type { Catalog, CatalogActor } from './catalog.ts';
import { type InspectBlob, inspectFiles } from './inspect-files.ts';

/** Who publishes: may use what it has uploaded itself, and the bytes of models that it may use. */
export type PublishingCaller = CatalogActor & ModelGrants & { readonly ownerId: string };

export interface PublisherDependencies {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly findBlob: FindBlob;
  readonly inspect: InspectBlob;
  readonly clock: Pick<Clock, 'now'>;
}

type Wanted = z.output<typeof publishVersionShape>;

/** The same words for what is not here and for what is somebody else's: nobody learns which bytes others have. */
const notYours = (digest: string) =>
  new ClusterError('blob_not_found', `You have uploaded no bytes ${digest.slice(0, 80)}.`, {
    hint: 'Upload them first, under /uploads.',
    param: 'files',
  });

/** Makes versions of bytes that were uploaded before, or that another model holds. */
export function createPublisher({ database, catalog, findBlob, inspect, clock }: PublisherDependencies) {
  const holds = async (query: Query, digest: string, ownerId: string) =>
    (await query
      .selectFrom('blob_leases')
      .select('holder')
      .where('digest', '=', digest)
      .where('holder', '=', ownerId)
      .where('expires_at', '>', clock.now())
      .executeTakeFirst()) !== undefined;

  async function mayRead(query: Query, digest: string, grants: ModelGrants): Promise<boolean> {
    const rows = await query
      .selectFrom('files')
      .innerJoin('versions', 'versions.id', 'files.version_id')
      .innerJoin('models', 'models.id', 'versions.model_id')
      .select('models.name')
      .distinct()
      .where('files.digest', '=', digest)
      .execute();
    return rows.some(({ name }) => mayUseModel(grants, name));
  }

  async function locate(digest: string, caller: PublishingCaller): Promise<ReadableBlob> {
    if (!isDigest(digest)) throw notYours(digest);
    const { query } = database;
    const isAllowed = (await holds(query, digest, caller.ownerId)) || (await mayRead(query, digest, caller));
    if (!isAllowed) throw notYours(digest);
    return findBlob(digest);
  }

  /** The version holds them now: whoever removes it gets the room back without waiting for the lease to end. */
  const letGo = (files: readonly ModelFile[], ownerId: string) => {
    const digests = files.map(({ digest }) => digest);
    return database.transaction((transaction) =>
      transaction.deleteFrom('blob_leases').where('holder', '=', ownerId).where('digest', 'in', digests).execute(),
    );
  };

  return {
    /** Bytes that the caller may publish. Throws `blob_not_found`. */
    locate,
    /** Throws `blob_not_found` for bytes that the caller has not uploaded and may not read, and what `Catalog.publish` throws. */
    async publish(wanted: Wanted, caller: PublishingCaller, signal: AbortSignal): Promise<CatalogVersion> {
      const found = await Promise.all(wanted.files.map(async (file) => ({ file, blob: await locate(file.digest, caller) })));
      const [weights] = found.toSorted((a, b) => b.blob.sizeBytes - a.blob.sizeBytes);
      if (!weights) throw new ClusterError('invalid_request', 'A version has at least one file.', { param: 'files' });
      const sized = found.map(({ file, blob }) => ({ path: file.path, sizeBytes: blob.sizeBytes, blob }));
      const seen = await inspectFiles(sized, ({ path, blob }) => inspect({ ...blob, fileName: path }, signal));
      const files = found.map(({ file, blob }): ModelFile => ({ ...file, sizeBytes: blob.sizeBytes }));
      const { name, version, description, framework, metadata, aliases, tags } = wanted;
      const published = await catalog.publish(
        {
          name,
          files,
          metadata,
          aliases,
          tags,
          source: weights.file.path,
          ...(version === undefined ? {} : { semver: version }),
          ...(description === undefined ? {} : { description }),
          ...(framework === undefined ? {} : { framework }),
          ...seen,
        },
        caller,
      );
      await letGo(files, caller.ownerId);
      return published;
    },
  };
}
export type Publisher = ReturnType<typeof createPublisher>;
