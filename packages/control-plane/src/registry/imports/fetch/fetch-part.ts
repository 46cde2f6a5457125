import { createHash } from 'node:crypto';
import { ClusterError, isClusterError, phrase } from '@cluster-ai/contracts';
import type { RemoteFile } from '../plan.ts';
import { refused, toStatusError } from '../sources/remote-errors.ts';
import type { FetchDependencies } from './fetch-file.ts';
import { openRemote } from './open-remote.ts';
import type { Part, PartFile } from './part-file.ts';
import { readContentRange } from './read-content-range.ts';
import { SourceChanged } from './source-changed.ts';
import { withRetries } from './with-retries.ts';

export interface PartFetch {
  readonly remote: RemoteFile;
  readonly part: Part;
  readonly sizeBytes: number;
  /** What must not have changed; empty where a digest decides. */
  readonly validator: string;
  readonly file: PartFile;
  readonly signal: AbortSignal;
  readonly onPiece: (bytes: number) => void;
}

const brokeOff = (host: string, cause?: unknown) =>
  new ClusterError('remote_failed', phrase('source_broke_off', { host }), { hint: phrase('try_later'), cause });

/** Fetches one part, going on after a break where it stopped. Gives the SHA-256 of its bytes. */
export async function fetchPart(
  deps: FetchDependencies,
  { remote, part, sizeBytes, validator, file, signal, onPiece }: PartFetch,
): Promise<string> {
  const host = new URL(remote.url).host;
  const hash = createHash('sha256');
  let done = 0;
  let doneBefore = 0;

  async function ask() {
    const first = part.offset + done;
    const last = part.offset + part.length - 1;
    const headers = { range: `bytes=${first}-${last}`, ...(validator === '' ? {} : { 'if-range': validator }) };
    const answer = await openRemote(deps.client, remote, headers, signal);
    const range = answer.status === 206 ? readContentRange(answer.headers) : undefined;
    if (range?.first === first && range.last === last && (range.sizeBytes ?? sizeBytes) === sizeBytes) return answer.body;
    answer.body.destroy();
    if (answer.status === 200 && validator !== '') throw new SourceChanged();
    if (answer.status === 200) throw brokeOff(host); // it gave parts before; perhaps another server of the same name answered
    if (answer.status === 206) throw refused(host, 'other bytes than it was asked for');
    throw toStatusError(answer.status, host, 'the file');
  }

  async function readOn(): Promise<void> {
    doneBefore = done;
    const body = await ask();
    try {
      for await (const piece of body as AsyncIterable<Buffer>) {
        if (done + piece.length > part.length) throw refused(host, 'more bytes than it was asked for');
        await file.write(part.offset + done, piece);
        hash.update(piece);
        done += piece.length;
        onPiece(piece.length);
      }
    } catch (error) {
      throw isClusterError(error) || isOfDisk(error) ? error : brokeOff(host, error);
    } finally {
      body.destroy();
    }
    if (done < part.length) throw brokeOff(host);
  }

  await withRetries({ ...deps, signal, hasProgressed: () => done > doneBefore }, readOn);
  return hash.digest('hex');
}

const isOfDisk = (error: unknown) => ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
