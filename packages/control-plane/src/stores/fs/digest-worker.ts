import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

export interface DigestWorkerData {
  readonly path: string;
  /** Writes the same bytes there, to a file that must not exist. */
  readonly copyTo: string | undefined;
  /** For work that may take its time: sleeps when it is faster. */
  readonly bytesPerSecond: number | undefined;
}

export type DigestWorkerAnswer =
  | { readonly digest: string; readonly sizeBytes: number }
  | { readonly failure: { readonly message: string; readonly code: string | undefined; readonly isOfTarget: boolean } };

const CHUNK_BYTES = 1024 * 1024;

function writeAll(target: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(target, bytes, written);
}

/** Sleeps as long as so many bytes should have taken. This thread does nothing else. */
function keepPace(sizeBytes: number, startedAt: number, bytesPerSecond: number | undefined): void {
  if (bytesPerSecond === undefined) return;
  const aheadMs = (sizeBytes / bytesPerSecond) * 1000 - (performance.now() - startedAt);
  if (aheadMs > 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, aheadMs);
}

function digestFile({ path, copyTo, bytesPerSecond }: DigestWorkerData): DigestWorkerAnswer {
  let isOfTarget = false;
  const opened: number[] = [];
  const open = (file: string, flags: number, mode?: number) => {
    const descriptor = openSync(file, flags, mode);
    opened.push(descriptor);
    return descriptor;
  };
  try {
    const source = open(path, constants.O_RDONLY | constants.O_NONBLOCK); // without NONBLOCK the opening of a pipe waits for a writer
    if (!fstatSync(source).isFile()) throw Object.assign(new Error('not a regular file'), { code: 'EINVAL' });
    isOfTarget = copyTo !== undefined;
    const target = copyTo === undefined ? undefined : open(copyTo, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const startedAt = performance.now();
    let sizeBytes = 0;
    for (;;) {
      isOfTarget = false;
      const bytes = chunk.subarray(0, readSync(source, chunk));
      if (bytes.length === 0) break;
      hash.update(bytes);
      sizeBytes += bytes.length;
      isOfTarget = true;
      if (target !== undefined) writeAll(target, bytes);
      keepPace(sizeBytes, startedAt, bytesPerSecond);
    }
    isOfTarget = true;
    if (target !== undefined) fsyncSync(target);
    return { digest: `sha256:${hash.digest('hex')}`, sizeBytes };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    return { failure: { message: error instanceof Error ? error.message : String(error), code, isOfTarget } };
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

parentPort?.postMessage(digestFile(workerData as DigestWorkerData));
