import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ClusterError, isClusterError, phrase } from '@cluster-ai/contracts';
import { refused } from '../sources/remote-errors.ts';
import { dataPathOf, removePartFile } from './part-file.ts';

interface WholeFetch {
  readonly body: Readable;
  readonly base: string;
  readonly sizeBytes: number | null;
  /** More than this is never taken, whatever was said. */
  readonly most: number;
  readonly host: string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytesHere: number) => void;
}

/** From a source that does not know parts: all of it, in one stream. What breaks off begins anew. */
export async function fetchWhole({
  body,
  base,
  sizeBytes,
  most,
  host,
  signal,
  onBytes,
}: WholeFetch): Promise<{ readonly sizeBytes: number }> {
  await removePartFile(base);
  const handle = await open(dataPathOf(base), 'w', 0o600);
  let done = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      if (done + piece.length > most) throw refused(host, `more than ${most} bytes`);
      for (let written = 0; written < piece.length; ) written += (await handle.write(piece, written)).bytesWritten;
      done += piece.length;
      onBytes(done);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isClusterError(error)) throw error;
    throw new ClusterError('remote_failed', phrase('source_broke_off', { host }), { hint: phrase('try_later'), cause: error });
  } finally {
    await handle.close();
  }
  if (sizeBytes !== null && done !== sizeBytes)
    throw new ClusterError('remote_failed', phrase('source_broke_off', { host }), { hint: phrase('try_later') });
  return { sizeBytes: done };
}
