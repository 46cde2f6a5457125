import type { Readable } from 'node:stream';
import type { RemoteFile } from '../plan.ts';
import { toStatusError } from '../sources/remote-errors.ts';
import type { FetchDependencies } from './fetch-file.ts';
import { openRemote } from './open-remote.ts';
import { readContentRange } from './read-content-range.ts';
import { withRetries } from './with-retries.ts';

export interface Probed {
  readonly sizeBytes: number | null;
  /** A strong ETag, or a time of change; empty when the source says neither. */
  readonly validator: string;
  /** The whole file, from a source that does not know parts. */
  readonly body: Readable | undefined;
}

function readValidator(headers: ReadonlyMap<string, string>): string {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : (headers.get('last-modified') ?? '');
}

function readLength(headers: ReadonlyMap<string, string>): number | null {
  const text = headers.get('content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Asks for one byte: who can give that can give parts, and says how many there are. */
export async function probe(deps: FetchDependencies, remote: RemoteFile, signal: AbortSignal): Promise<Probed> {
  return withRetries({ ...deps, signal }, async () => {
    const answer = await openRemote(deps.client, remote, { range: 'bytes=0-0' }, signal);
    const { status, headers, body } = answer;
    if (status === 200) return { sizeBytes: readLength(headers), validator: readValidator(headers), body };
    body.destroy();
    const range = status === 206 ? readContentRange(headers) : undefined;
    if (range !== undefined) return { sizeBytes: range.sizeBytes, validator: readValidator(headers), body: undefined };
    if (status === 416) return { sizeBytes: 0, validator: '', body: undefined }; // nothing has no first byte
    throw toStatusError(status, new URL(remote.url).host, 'the file');
  });
}
