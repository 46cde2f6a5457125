import { createReadStream } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ClusterError } from '@cluster-ai/contracts';
import type { ByteRange } from '../blob-store.ts';
import type { S3Place } from './parse-s3-url.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The few things that we do with objects. Everything throws `remote_failed` when the store does not do it. */
export interface S3Bucket extends AsyncDisposable {
  sizeOf(key: string): Promise<number | undefined>;
  /** Throws `blob_not_found`. */
  read(key: string, range?: ByteRange): Promise<Readable>;
  putText(key: string, text: string): Promise<void>;
  /** Does nothing when an object is there. `sha256` is what the store compares the bytes with, where it can. */
  putFileIfAbsent(key: string, path: string, sizeBytes: number, sha256: string, signal: AbortSignal): Promise<void>;
  putFile(key: string, path: string, sizeBytes: number, sha256: string, signal: AbortSignal): Promise<void>;
  remove(key: string): Promise<void>;
  /** Keys below that one, a part at a time, without the prefix of the store. */
  list(below: string): AsyncIterable<readonly string[]>;
}

/** Above this an object goes in parts, a few at a time. */
const ONE_PUT_BYTES = 64 * 1024 * 1024;
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 3;
const MOST_CONNECTIONS = 256;
const MOST_PARTS = 10_000;

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
const isMissing = (error: unknown) => statusOf(error) === 404 || (error instanceof Error && error.name === 'NoSuchKey');
const isThere = (error: unknown) => statusOf(error) === 412 || statusOf(error) === 409;

export function openS3Bucket(place: S3Place, readCredentials: () => Promise<S3Credentials>): S3Bucket {
  const agents = { keepAlive: true, maxSockets: MOST_CONNECTIONS };
  const client = new S3Client({
    region: place.region,
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await readCredentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    },
    // stores of others do not know the newer checksums; ours is the digest
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpAgent: new HttpAgent(agents), httpsAgent: new HttpsAgent(agents), connectionTimeout: 10_000 },
  });
  const at = (key: string) => ({ Bucket: place.bucket, Key: `${place.prefix}${key}` });

  const asking = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (error instanceof Error && error.name === 'AbortError')
        throw new ClusterError('cancelled', 'The work was cancelled.', { cause: error });
      const said = error instanceof Error ? error.name : 'unknown';
      throw new ClusterError('remote_failed', `The S3 store with the bucket "${place.bucket}" did not do it (${said}).`, {
        hint: 'Check `blobs.path` and its credentials, and whether that store is up.',
        cause: error,
      });
    });

  async function putFile(key: string, path: string, sizeBytes: number, sha256: string, signal: AbortSignal, isNew = false): Promise<void> {
    const condition = isNew ? { IfNoneMatch: '*' } : {};
    if (sizeBytes <= ONE_PUT_BYTES) {
      const checksum = { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') };
      const put = new PutObjectCommand({ ...at(key), Body: createReadStream(path), ContentLength: sizeBytes, ...checksum, ...condition });
      await client.send(put, { abortSignal: signal });
      return;
    }
    const upload = new Upload({
      client,
      params: { ...at(key), Body: createReadStream(path, { highWaterMark: 1024 * 1024 }) },
      partSize: Math.max(PART_BYTES, Math.ceil(sizeBytes / MOST_PARTS)),
      queueSize: PARTS_AT_ONCE,
    });
    const stop = () => void upload.abort();
    signal.addEventListener('abort', stop, { once: true });
    await upload.done().finally(() => signal.removeEventListener('abort', stop));
  }

  const sizeOf = (key: string) =>
    asking(
      client.send(new HeadObjectCommand(at(key))).then(
        ({ ContentLength: size }) => size ?? 0,
        (error: unknown) => {
          if (isMissing(error)) return undefined;
          throw error;
        },
      ),
    );

  return {
    sizeOf,
    async read(key, range) {
      const bounds = range === undefined ? {} : { Range: `bytes=${range.from}-${range.to}` };
      const answer = await asking(
        client.send(new GetObjectCommand({ ...at(key), ...bounds })).catch((error: unknown) => {
          if (isMissing(error)) return undefined;
          throw error;
        }),
      );
      if (!answer) throw new ClusterError('blob_not_found', `There is no object ${key} in the bucket "${place.bucket}".`);
      return answer.Body as Readable;
    },
    putText: async (key, text) => void (await asking(client.send(new PutObjectCommand({ ...at(key), Body: text })))),
    async putFileIfAbsent(key, path, sizeBytes, sha256, signal) {
      if ((await sizeOf(key)) === sizeBytes) return;
      await asking(
        putFile(key, path, sizeBytes, sha256, signal, true).catch((error: unknown) => {
          if (!isThere(error)) throw error; // somebody else was faster with the same bytes
        }),
      );
    },
    putFile: (key, path, sizeBytes, sha256, signal) => asking(putFile(key, path, sizeBytes, sha256, signal)),
    remove: async (key) => void (await asking(client.send(new DeleteObjectCommand(at(key))))),
    async *list(below) {
      const pages = paginateListObjectsV2({ client }, { Bucket: place.bucket, Prefix: `${place.prefix}${below}` })[Symbol.asyncIterator]();
      for (let page = await asking(pages.next()); page.done !== true; page = await asking(pages.next()))
        yield (page.value.Contents ?? []).map(({ Key = '' }) => Key.slice(place.prefix.length));
    },
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}
