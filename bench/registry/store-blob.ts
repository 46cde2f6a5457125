import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { locateDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { noGivenKeys } from '../../packages/control-plane/src/access/secrets/master-key.ts';
import { openSecrets } from '../../packages/control-plane/src/access/secrets/secrets.ts';
import { createBlobUrlKeys } from '../../packages/control-plane/src/registry/blob-urls/blob-url-keys.ts';
import { createBlobUrls } from '../../packages/control-plane/src/registry/blob-urls/create-blob-urls.ts';
import { openUploads } from '../../packages/control-plane/src/registry/uploads/open-uploads.ts';
import { openBlobStore } from '../../packages/control-plane/src/stores/fs/open-blob-store.ts';
import { openDatabase } from '../../packages/control-plane/src/stores/open-database.ts';

/** Brings a file into the store of a cluster that runs, past its doors, and gives a signed path to it and where it lies. */
export async function storeBlob(dataFolder: string, file: string): Promise<{ readonly path: string; readonly stored: string }> {
  const folder = locateDataFolder(dataFolder, {});
  const log = silentLogger;
  await using database = await openDatabase({ url: '', folder, log });
  const blobs = await openBlobStore({ folder: folder.blobs });
  const uploads = await openUploads({ database, blobs, clock: systemClock, log });
  const { size } = await stat(file);
  const { id } = await uploads.start({ owner: 'bench', sizeBytes: size });
  await uploads.append(id, 'bench', 0, createReadStream(file), new AbortController().signal);
  const { digest } = await uploads.finish(id, 'bench', {});
  const secrets = await openSecrets({ database, secretsFolder: folder.secrets, given: noGivenKeys, clock: systemClock, log });
  const urls = createBlobUrls({ keys: createBlobUrlKeys({ database, secrets, clock: systemClock }), clock: systemClock });
  return { path: await urls.sign({ digest, scope: 'bench', forMs: 3 * 60 * 60_000 }), stored: blobs.pathOf(digest) };
}
