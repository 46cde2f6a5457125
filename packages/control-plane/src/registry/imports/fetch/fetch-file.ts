import { ClusterError, isClusterError, phrase } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { OutgoingClient } from '../../../outgoing/outgoing-client.ts';
import type { RemoteFile } from '../plan.ts';
import { refused } from '../sources/remote-errors.ts';
import { fetchPart } from './fetch-part.ts';
import { fetchWhole } from './fetch-whole.ts';
import { checkFreeSpace } from './free-space.ts';
import { openPartFile, type Part, removePartFile } from './part-file.ts';
import { probe } from './probe.ts';
import { SourceChanged } from './source-changed.ts';
import { withRetries } from './with-retries.ts';

export interface FetchDependencies {
  readonly client: OutgoingClient;
  readonly clock: Clock;
  /** For the parts of one file. */
  readonly connections: number;
  readonly maxBytes: number;
  /** The folder of the part files, whose disk must have room. */
  readonly folder: string;
  readonly random?: () => number;
}

export interface FetchOptions {
  /** Without its endings, the path of the part file. */
  readonly base: string;
  /** What the source said of it; it is held to that. */
  readonly sizeBytes: number | null;
  /** Whether a digest will be checked: then it does not matter by which of several servers the parts came. */
  readonly hasDigest: boolean;
  readonly signal: AbortSignal;
  /** How many bytes of it are here now. */
  readonly onBytes: (bytesHere: number, sizeBytes: number | null) => void;
}

const TRIES_OF_A_CHANGED_FILE = 3;
/** Of the whole file, each of which keeps the parts of the one before. */
const ROUNDS = 3;

/**
 * Fetches a file to `<base>.data`, in parts over several connections where the source can do that, over one where it cannot. What an earlier try
 * left is checked and kept. The digest is for the caller to check. Throws `source_refused` when the source does not keep to what it said.
 */
export async function fetchFile(
  deps: FetchDependencies,
  remote: RemoteFile,
  options: FetchOptions,
): Promise<{ readonly sizeBytes: number }> {
  for (let tries = 1; ; tries++) {
    try {
      return await withRetries({ ...deps, signal: options.signal, mostFailures: ROUNDS }, () => fetchOnce(deps, remote, options));
    } catch (error) {
      if (!(error instanceof SourceChanged)) throw error;
      await removePartFile(options.base);
      if (tries === TRIES_OF_A_CHANGED_FILE)
        throw new ClusterError('remote_failed', phrase('source_changes', { url: hostOf(remote) }), {
          hint: phrase('try_later'),
          cause: error,
        });
    }
  }
}

const hostOf = ({ url }: RemoteFile) => new URL(url).host;

async function fetchOnce(deps: FetchDependencies, remote: RemoteFile, options: FetchOptions): Promise<{ readonly sizeBytes: number }> {
  const { base, signal, onBytes } = options;
  const found = await probe(deps, remote, signal);
  const sizeBytes = found.sizeBytes ?? options.sizeBytes;
  try {
    if (options.sizeBytes !== null && sizeBytes !== options.sizeBytes)
      throw refused(hostOf(remote), `${sizeBytes} bytes where it said ${options.sizeBytes}`);
    if (sizeBytes !== null && sizeBytes > deps.maxBytes)
      throw refused(hostOf(remote), `${sizeBytes} bytes, more than imports.maxGiB allows`);
    if (found.body !== undefined) {
      await checkFreeSpace(deps.folder, sizeBytes ?? 0);
      const most = Math.min(deps.maxBytes, sizeBytes ?? deps.maxBytes);
      return await fetchWhole({
        body: found.body,
        base,
        sizeBytes,
        most,
        host: hostOf(remote),
        signal,
        onBytes: (bytes) => onBytes(bytes, sizeBytes),
      });
    }
  } finally {
    found.body?.destroy();
  }
  if (sizeBytes === null) throw refused(hostOf(remote), 'parts of a file whose size it does not say');
  await fetchParts(deps, remote, { ...options, sizeBytes, validator: options.hasDigest ? '' : found.validator });
  return { sizeBytes };
}

async function fetchParts(
  deps: FetchDependencies,
  remote: RemoteFile,
  { base, sizeBytes, validator, signal, onBytes }: FetchOptions & { readonly sizeBytes: number; readonly validator: string },
): Promise<void> {
  await using file = await openPartFile(base, { sizeBytes, validator }, signal);
  await checkFreeSpace(deps.folder, sizeBytes - file.keptBytes);
  let bytesHere = file.keptBytes;
  onBytes(bytesHere, sizeBytes);
  const queue: Part[] = [...file.missing];
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const work = async () => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const onPiece = (bytes: number) => {
        bytesHere += bytes;
        onBytes(bytesHere, sizeBytes);
      };
      const sha256 = await fetchPart(deps, { remote, part, sizeBytes, validator, file, signal: stop, onPiece });
      await file.complete(part, sha256);
    }
  };
  const workers = Array.from({ length: Math.min(deps.connections, queue.length) }, () =>
    work().catch((error: unknown) => {
      failure.abort(error); // the others need not go on, and end before the file is closed
      throw error;
    }),
  );
  const results = await Promise.allSettled(workers);
  signal.throwIfAborted();
  const failed = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
  if (failed.length > 0) throw failed.find((reason) => reason instanceof SourceChanged || isClusterError(reason)) ?? failed[0];
}
