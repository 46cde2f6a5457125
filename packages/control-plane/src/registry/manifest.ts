import { createHash } from 'node:crypto';
import type { ModelFile } from '@cluster-ai/contracts';

const MANIFEST_MEDIA_TYPE = 'application/vnd.cluster-ai.model.manifest.v1+json';

interface Manifest {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Bytewise, so that the order is the same everywhere. */
const byPath = (a: ModelFile, b: ModelFile) => (a.path < b.path ? -1 : 1);

/**
 * The list of a version's files as bytes. Canonical: keys and files in a fixed order, no spaces, nothing about names or times, so that the
 * same files always give the same digest. Once stored the bytes are kept, never made again.
 */
export function createManifest(files: readonly ModelFile[]): Manifest {
  const content = {
    files: [...files].sort(byPath).map(({ digest, mediaType, path, sizeBytes }) => ({ digest, mediaType, path, sizeBytes })),
    mediaType: MANIFEST_MEDIA_TYPE,
    schemaVersion: 1,
  };
  const bytes = Buffer.from(JSON.stringify(content), 'utf8');
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}
