import type { Config } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Secrets } from '../access/secrets/secrets.ts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { Database } from '../stores/database.ts';
import { createBlobReader, type FindBlob } from './blob-reader.ts';
import { createBlobUrlKeys } from './blob-urls/blob-url-keys.ts';
import type { BlobUrls } from './blob-urls/blob-urls.ts';
import { createBlobUrls } from './blob-urls/create-blob-urls.ts';
import { createGarbage, type Garbage } from './garbage/collect-garbage.ts';
import { createLeases, type Leases } from './garbage/leases.ts';
import type { Registry } from './registry.ts';
import { createScrubber } from './scrub/scrub.ts';
import { openUploads } from './uploads/open-uploads.ts';
import { toUploadLimits } from './uploads/upload-limits.ts';
import type { Uploads } from './uploads/uploads.ts';

/** What doors and imports need to bring bytes in and hand them out. */
export interface BlobParts {
  readonly uploads: Uploads;
  readonly leases: Leases;
  readonly garbage: Garbage;
  readonly blobUrls: BlobUrls;
  readonly findBlob: FindBlob;
  /** Removes what is abandoned or not needed, and reads again what is kept, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface BlobPartsDependencies {
  /** As requests use it: with the record of acts. */
  readonly database: Database;
  /** The same without: what runs by itself is nobody's act. */
  readonly own: Database;
  readonly blobs: BlobStore;
  readonly registry: Pick<Registry, 'lookAgain'>;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly config: Config['blobs'];
  readonly clock: Clock;
  readonly log: Logger;
}

/** To be opened after the registry, which settles what a crash left. */
export async function openBlobParts({
  database,
  own,
  blobs,
  registry,
  secrets,
  config,
  clock,
  log,
}: BlobPartsDependencies): Promise<BlobParts> {
  const uploads = await openUploads({ database, blobs, clock, log, limits: toUploadLimits(config) });
  const lookAgain = (digest: string) =>
    registry.lookAgain(digest).catch((error: unknown) => log.warn({ digest, err: error }, 'A changed blob could not be looked at again'));
  const onRemoved = (digests: readonly string[]) => void Promise.all(digests.map(lookAgain));
  const garbage = createGarbage({ database: own, blobs, clock, log, onRemoved });
  const bytesPerDay = config.scrubGiBPerDay * 1024 ** 3;
  const scrubber = createScrubber({ database: own, blobs, clock, log, bytesPerDay, onDamaged: lookAgain });
  return {
    uploads,
    leases: createLeases({ database, clock }),
    garbage,
    blobUrls: createBlobUrls({ keys: createBlobUrlKeys({ database: own, secrets, clock }), clock }),
    findBlob: createBlobReader({ database, blobs }),
    run: async (signal) => void (await Promise.all([uploads.run(signal), garbage.run(signal), scrubber.run(signal)])),
  };
}
