import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError, isClusterError, isDigest } from '@cluster-ai/contracts';
import { failpoint } from '@cluster-ai/runtime';
import type { BlobStore } from '../blob-store.ts';
import { hexOf } from '../digest-hex.ts';
import { openStaging } from '../fs/open-staging.ts';
import { parseS3Url } from './parse-s3-url.ts';
import { openS3Bucket, type S3Credentials } from './s3-bucket.ts';

export interface S3BlobStoreOptions {
  readonly url: string;
  /** Of this machine: where files are gathered and hashed before they are sent. */
  readonly folder: string;
  readonly readCredentials: () => Promise<S3Credentials>;
}

const LABEL = 'label';
const MARKS = 'unsettled/';
const never = new AbortController().signal;

/** `read`, and `undefined` where that is missing. */
const ifThere = <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: unknown) => {
    if (isClusterError(error) && error.code === 'blob_not_found') return undefined;
    throw error;
  });

/** Blobs as objects `sha256/ab/abcd…` of a bucket. They are gathered in a folder here, and sent when they are whole. */
export async function openS3BlobStore({ url, folder, readCredentials }: S3BlobStoreOptions): Promise<BlobStore & AsyncDisposable> {
  const place = parseS3Url(url);
  const bucket = openS3Bucket(place, readCredentials);
  const keyOf = (digest: string) => `sha256/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}`;
  const sizeOf = (digest: string) => bucket.sizeOf(keyOf(digest));
  const markUnsettled = (digest: string) => bucket.putText(`${MARKS}${hexOf(digest)}`, '');

  const staging = await openStaging(folder, (staged, digest, sizeBytes) => {
    const key = keyOf(digest);
    return {
      async send(signal) {
        await markUnsettled(digest);
        failpoint('commit.after_mark');
        await bucket.putFileIfAbsent(key, staged, sizeBytes, hexOf(digest), signal);
        failpoint('commit.after_rename');
      },
      async place({ replace = false } = {}) {
        await markUnsettled(digest); // whoever settled it meanwhile took the mark away
        if (replace) await bucket.putFile(key, staged, sizeBytes, hexOf(digest), never);
        else await bucket.putFileIfAbsent(key, staged, sizeBytes, hexOf(digest), never); // collected between `send` and now: rare
      },
    };
  });

  return {
    ...staging,
    place: `s3://${place.bucket}/${place.prefix}`,
    pathOf: (digest) => `s3://${place.bucket}/${place.prefix}${keyOf(digest)}`,
    filePathOf: () => undefined,
    sizeOf,
    markUnsettled,
    read: (digest, range) => bucket.read(keyOf(digest), range),
    async digestOf(digest, { signal, bytesPerSecond }) {
      const bytes = await ifThere(bucket.read(keyOf(digest)));
      if (!bytes) return undefined;
      const hash = createHash('sha256');
      const startedAt = performance.now();
      let sizeBytes = 0;
      for await (const piece of bytes as AsyncIterable<Buffer>) {
        if (signal.aborted) throw new ClusterError('cancelled', 'The work was cancelled.'); // leaving the loop ends the request
        hash.update(piece);
        sizeBytes += piece.length;
        const aheadMs = bytesPerSecond === undefined ? 0 : (sizeBytes / bytesPerSecond) * 1000 - (performance.now() - startedAt);
        if (aheadMs > 10) await sleep(aheadMs);
      }
      return `sha256:${hash.digest('hex')}`;
    },
    readLabel: async () => {
      const found = await ifThere(bucket.read(LABEL));
      return found && text(found);
    },
    writeLabel: (label) => bucket.putText(LABEL, label),
    async *list() {
      for await (const keys of bucket.list('sha256/')) {
        const digests = keys.map((key) => `sha256:${key.slice('sha256/ab/'.length)}`).filter(isDigest);
        if (digests.length > 0) yield digests;
      }
    },
    async unsettled() {
      const found: string[] = [];
      for await (const keys of bucket.list(MARKS)) found.push(...keys.map((key) => `sha256:${key.slice(MARKS.length)}`).filter(isDigest));
      return found;
    },
    async settle(digest, isUsed) {
      if (!isUsed) await bucket.remove(keyOf(digest));
      failpoint('garbage.after_file');
      await bucket.remove(`${MARKS}${hexOf(digest)}`);
    },
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  };
}
