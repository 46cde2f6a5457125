import { createHmac, timingSafeEqual } from 'node:crypto';
import { ClusterError, isDigest } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import { hexOf } from '../../stores/digest-hex.ts';
import type { BlobUrlKeys } from './blob-url-keys.ts';
import type { BlobUrls, BlobUrlWish } from './blob-urls.ts';

/** Where the handler of these addresses is, from the root of each listener. */
export const BLOB_PATH = '/blobs';

const LONGEST_MS = 24 * 60 * 60_000;
const MOST_TEXT = 255;
const names = ['name', 'scope', 'expires', 'key', 'signature'] as const;

interface Signed {
  readonly digest: string;
  readonly name: string;
  readonly scope: string;
  readonly expires: string;
  readonly key: string;
}

/** All of it, in an order and a form that leave nothing open: no two addresses have the same text. */
const toMac = (key: Uint8Array, { digest, name, scope, expires, key: keyId }: Signed) =>
  createHmac('sha256', key)
    .update(JSON.stringify(['blob-url-1', digest, name, scope, expires, keyId]))
    .digest();

const refused = () =>
  new ClusterError('forbidden', 'This address was not made here, or was changed.', { hint: 'Ask for a new one where you got it.' });

/** The parts of an address, if it has each exactly once and nothing else. */
function readUrl(url: string): (Signed & { readonly signature: string }) | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const digest = path.startsWith(`${BLOB_PATH}/`) ? path.slice(BLOB_PATH.length + 1) : '';
  const fields = new URLSearchParams(query);
  const isComplete = [...fields.keys()].length === names.length && names.every((name) => fields.has(name));
  if (!isDigest(digest) || !isComplete) return undefined;
  const [name = '', scope = '', expires = '', key = '', signature = ''] = names.map((each) => fields.get(each) ?? '');
  return /^\d{1,15}$/.test(expires) ? { digest, name, scope, expires, key, signature } : undefined;
}

function checkWish({ digest, scope, fileName = '', forMs }: BlobUrlWish): void {
  hexOf(digest);
  if (scope.length > MOST_TEXT || fileName.length > MOST_TEXT || !(forMs > 0 && forMs <= LONGEST_MS))
    throw new ClusterError('invalid_request', 'An address of a blob is good for at most a day, and its texts have at most 255 letters.');
}

export function createBlobUrls({ keys, clock }: { readonly keys: BlobUrlKeys; readonly clock: Pick<Clock, 'now'> }): BlobUrls {
  return {
    async sign(wish) {
      checkWish(wish);
      const { id, key } = await keys.forSigning();
      const { digest, fileName: name = '', scope } = wish;
      const expires = String(clock.now() + Math.round(wish.forMs));
      const signature = toMac(key, { digest, name, scope, expires, key: id }).toString('base64url');
      return `${BLOB_PATH}/${digest}?${new URLSearchParams({ name, scope, expires, key: id, signature })}`;
    },

    async open(url) {
      const found = readUrl(url);
      const key = found && (await keys.forChecking(found.key));
      if (!found || !key) throw refused();
      const given = Buffer.from(found.signature, 'base64url');
      const wanted = toMac(key, found);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw refused();
      const expiresAt = Number(found.expires);
      if (expiresAt <= clock.now())
        throw new ClusterError('link_invalid', 'This address has expired.', { hint: 'Ask for a new one where you got it.' });
      return { digest: found.digest, fileName: found.name === '' ? undefined : found.name, scope: found.scope, expiresAt };
    },
  };
}
