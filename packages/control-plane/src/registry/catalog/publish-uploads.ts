import {
  type CatalogVersion,
  ClusterError,
  type Inspection,
  isDigest,
  type ModelFacts,
  type ModelFile,
  type publishVersionShape,
} from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { z } from 'zod';
import { type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { Database, Query } from '../../stores/database.ts';
import type { FindBlob, ReadableBlob } from '../blob-reader.ts';
import type { Catalog, CatalogActor } from './catalog.ts';

/** Who publishes: may use what it has uploaded itself, and the bytes of models that it may use. */
export type PublishingCaller = CatalogActor & ModelGrants & { readonly ownerId: string };

/** What is known of a file, without executing anything in it. Throws `invalid_model_file` for one that is not what it says it is. */
export type InspectBlob = (
  file: ReadableBlob & { readonly fileName: string },
  signal: AbortSignal,
) => Promise<{ readonly facts?: ModelFacts; readonly inspection?: Inspection }>;

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

  return {
    /** Bytes that the caller may publish. Throws `blob_not_found`. */
    locate,
    /** Throws `blob_not_found` for bytes that the caller has not uploaded and may not read, and what `Catalog.publish` throws. */
    async publish(wanted: Wanted, caller: PublishingCaller, signal: AbortSignal): Promise<CatalogVersion> {
      const found = await Promise.all(wanted.files.map(async (file) => ({ file, blob: await locate(file.digest, caller) })));
      const [weights] = found.toSorted((a, b) => b.blob.sizeBytes - a.blob.sizeBytes);
      if (!weights) throw new ClusterError('invalid_request', 'A version has at least one file.', { param: 'files' });
      const seen = await inspect({ ...weights.blob, fileName: weights.file.path }, signal);
      const files = found.map(({ file, blob }): ModelFile => ({ ...file, sizeBytes: blob.sizeBytes }));
      const { name, version, description, framework, metadata, aliases, tags } = wanted;
      return catalog.publish(
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
    },
  };
}
export type Publisher = ReturnType<typeof createPublisher>;
