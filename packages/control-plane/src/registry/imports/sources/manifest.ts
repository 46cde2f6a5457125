import { isDigest } from '@cluster-ai/contracts';
import { z } from 'zod';
import { refused } from './remote-errors.ts';

const MOST_LAYERS = 1000;
const GIB = 1024 ** 3;

const descriptor = z.object({
  mediaType: z
    .string()
    .max(255)
    .regex(/^[\w.+-]+\/[\w.+-]+$/, 'no media type'),
  digest: z.string().refine(isDigest, 'no digest of ours: sha256: and 64 hexadecimal digits'),
  size: z.int().min(0),
  urls: z.array(z.unknown()).max(0, 'bytes of another host').nullish(),
  annotations: z.record(z.string().max(255), z.string().max(4096)).nullish(),
});
export type Descriptor = z.infer<typeof descriptor>;

export const manifestShape = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().max(255).optional(),
  artifactType: z.string().max(255).optional(),
  config: descriptor,
  layers: z.array(descriptor).min(1).max(MOST_LAYERS),
  annotations: z.record(z.string().max(255), z.string().max(4096)).nullish(),
});
export type ImageManifest = z.infer<typeof manifestShape>;

export const indexShape = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptor).min(1).max(100) });

export const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** Together they are what a manifest may ask this cluster to fetch. Throws `source_refused`. */
export function checkTotal(descriptors: readonly { readonly size: number }[], maxGiB: number, host: string): void {
  const total = descriptors.reduce((sum, { size }) => sum + size, 0);
  if (total > maxGiB * GIB) throw refused(host, `${Math.ceil(total / GIB)} GiB, more than imports.maxGiB allows`);
}
