import { ClusterError, isDigest } from '@cluster-ai/contracts';

/** The hexadecimal part of a digest, and of nothing else: names of files and objects are made of it. Throws `invalid_request`. */
export function hexOf(digest: string): string {
  if (!isDigest(digest))
    throw new ClusterError('invalid_request', 'A digest is written sha256: and 64 hexadecimal digits.', { param: 'digest' });
  return digest.slice('sha256:'.length);
}
