import type { Config } from '@cluster-ai/contracts';
import type { DataFolder } from '@cluster-ai/runtime';
import type { BlobStore } from './blob-store.ts';
import { openBlobStore } from './fs/open-blob-store.ts';
import { isS3Url } from './s3/parse-s3-url.ts';
import type { S3Credentials } from './s3/s3-bucket.ts';

export interface OpenBlobsOptions {
  readonly config: Pick<Config['blobs'], 'path' | 's3Secret'>;
  readonly folder: Pick<DataFolder, 'blobs'>;
  /** What the environment says, where no secret is named. */
  readonly given: S3Credentials;
  /** Called when the store is used, not before. */
  readonly readSecret: (name: string) => Promise<string>;
}

/** The blob store that the configuration names. Throws `config_invalid`, `data_folder_unwritable`. */
export async function openBlobs({ config, folder, given, readSecret }: OpenBlobsOptions): Promise<BlobStore> {
  if (!isS3Url(config.path)) return openBlobStore({ folder: config.path === '' ? folder.blobs : config.path });
  const { openS3BlobStore } = await import('./s3/open-s3-blob-store.ts'); // a large library, for few
  return openS3BlobStore({
    url: config.path,
    folder: folder.blobs,
    readCredentials: async () => (config.s3Secret === '' ? given : toCredentials(await readSecret(config.s3Secret))),
  });
}

/** Takes them out of the environment, so that no child inherits them. */
export function takeS3Credentials(environment: Record<string, string | undefined>): S3Credentials {
  const take = (name: string) => {
    const value = environment[name];
    delete environment[name];
    return value;
  };
  return {
    accessKeyId: take('AWS_ACCESS_KEY_ID') ?? '',
    secretAccessKey: take('AWS_SECRET_ACCESS_KEY') ?? '',
    sessionToken: take('AWS_SESSION_TOKEN'),
  };
}

function toCredentials(text: string): S3Credentials {
  const at = text.indexOf(':');
  return { accessKeyId: text.slice(0, at).trim(), secretAccessKey: text.slice(at + 1).trim() };
}
