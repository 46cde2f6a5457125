import { isClusterError, type PushRequest } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { OutgoingClient } from '../../../outgoing/outgoing-client.ts';
import type { FindBlob } from '../../blob-reader.ts';
import type { Registry } from '../../registry.ts';
import { withRetries } from '../fetch/with-retries.ts';
import type { Result, Work } from '../operations/running-operation.ts';
import { parseOllamaName } from '../sources/ollama-name.ts';
import { ollamaTypes } from '../sources/ollama-types.ts';
import { type Credential, createRegistrySession, type RegistrySession } from '../sources/registry-session.ts';
import { refused, toStatusError } from '../sources/remote-errors.ts';
import { type ImageBlob, toOllamaImage } from './to-image.ts';

const CHUNK_BYTES = 64 * 1024 * 1024;

export interface PushDependencies {
  readonly registry: Pick<Registry, 'resolve'>;
  readonly findBlob: FindBlob;
  readonly client: OutgoingClient;
  readonly clock: Clock;
  readonly credentialFor: (host: string) => Promise<Credential | undefined>;
  readonly originOf: (host: string) => string;
  readonly defaultRegistry: string;
}

/** Sends a model to another registry that speaks Ollama's protocol. What it has already is not sent again. */
export function createPusher({ registry, findBlob, client, clock, credentialFor, originOf, defaultRegistry }: PushDependencies) {
  /** Where the upload goes on; never another host, which would get what is meant for this one. */
  function toLocation(headers: ReadonlyMap<string, string>, before: string, host: string): string {
    const said = headers.get('docker-upload-location') ?? headers.get('location');
    if (said === undefined || !URL.canParse(said, before)) throw refused(host, 'an upload without a place');
    const url = new URL(said, before);
    if (url.origin !== new URL(before).origin) throw refused(host, `an upload to another host (${url.host})`);
    return url.href;
  }

  async function open({ bytes, digest }: ImageBlob, first: number, last: number): Promise<AsyncIterable<Uint8Array> | Buffer> {
    if (bytes !== undefined) return bytes.subarray(first, last + 1);
    return (await findBlob(digest)).read({ from: first, to: last });
  }

  async function uploadBlob(
    session: RegistrySession,
    base: string,
    blob: ImageBlob,
    work: Work,
    onBytes: (bytesThere: number) => void,
  ): Promise<void> {
    const { signal } = work;
    const { digest, sizeBytes } = blob;
    const { host } = session;
    if ((await session.send({ method: 'HEAD', url: `${base}/blobs/${digest}` }, signal)).status === 200) return;
    const begun = await session.send({ method: 'POST', url: `${base}/blobs/uploads/`, headers: { 'content-length': '0' } }, signal);
    if (begun.status !== 202) throw toStatusError(begun.status, host, 'an upload');
    let location = toLocation(begun.headers, `${base}/`, host);
    let offset = 0;

    /** After a break: how much arrived. */
    async function askOffset(): Promise<void> {
      const answer = await session.send({ url: location }, signal);
      const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers.get('range') ?? '')?.[1];
      if (answer.status === 204 && last !== undefined) offset = Math.min(sizeBytes, Number(last) + 1);
    }

    async function sendChunk(): Promise<void> {
      const last = Math.min(sizeBytes, offset + CHUNK_BYTES) - 1;
      const headers = {
        ...session.headersNow(),
        'content-type': 'application/octet-stream',
        'content-length': String(last - offset + 1),
        'content-range': `${offset}-${last}`,
      };
      const answer = await client.stream({ method: 'PATCH', url: location, headers, body: await open(blob, offset, last) }, signal);
      answer.body.resume();
      if (answer.status !== 202 && answer.status !== 204) throw toStatusError(answer.status, host, 'the bytes');
      location = toLocation(answer.headers, location, host);
      offset = last + 1;
      onBytes(offset);
    }

    while (offset < sizeBytes) {
      const before = offset;
      await withRetries({ clock, signal }, () =>
        sendChunk().catch(async (error: unknown) => {
          if (isClusterError(error) && error.code === 'remote_failed') await askOffset().catch(() => {});
          if (offset === before || offset < sizeBytes) throw error;
        }),
      );
    }
    const url = new URL(location);
    url.searchParams.set('digest', digest);
    const finished = await session.send({ method: 'PUT', url: url.href, headers: { 'content-length': '0' } }, signal);
    if (finished.status !== 201) throw toStatusError(finished.status, host, 'the bytes');
  }

  return async function runPush(work: Work): Promise<Result> {
    const { model, reference } = work.wish as PushRequest;
    const resolved = await registry.resolve(model);
    const { blobs, manifest } = toOllamaImage(model, resolved.version);
    const { host, scheme, namespace, name, tag } = parseOllamaName(reference);
    const origin = host === undefined ? new URL(defaultRegistry).origin : scheme === undefined ? originOf(host) : `${scheme}://${host}`;
    const repository = `${namespace}/${name}`;
    const base = `${origin}/v2/${repository}`;
    const session = createRegistrySession({ client, credentialFor }, { origin, repository, realms: 'own', scope: 'push,pull' });
    work.describe({ bytesTotal: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) });
    let bytesBefore = 0;
    for (const blob of blobs) {
      const report = (bytesDone: number) =>
        work.report(bytesBefore + bytesDone, { path: blob.mediaType, digest: blob.digest, sizeBytes: blob.sizeBytes, bytesDone });
      work.enter('uploading');
      report(0);
      await uploadBlob(session, base, blob, work, report);
      report(blob.sizeBytes);
      bytesBefore += blob.sizeBytes;
    }
    work.enter('publishing');
    const headers = { 'content-type': ollamaTypes.manifest };
    const answer = await session.send({ method: 'PUT', url: `${base}/manifests/${tag}`, headers, body: manifest }, work.signal);
    if (answer.status !== 201 && answer.status !== 200) throw toStatusError(answer.status, session.host, 'the manifest');
    const { version, manifestDigest } = resolved.version;
    return { name: resolved.name, version, manifestDigest };
  };
}
