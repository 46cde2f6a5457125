import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { type ClusterClient, ClusterError, isClusterError } from '@cluster-ai/client';
import type { Context } from '../../verb.ts';
import { createProgress } from './show-progress.ts';

const PIECE_BYTES = 16 * 1024 * 1024;
const MOST_TRIES = 5;

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** Sends a file piece by piece; after a break it asks how far the cluster is, and goes on there. */
async function sendPieces(context: Context, client: ClusterClient, id: string, path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path);
  const tell = createProgress(context, path, sizeBytes);
  const buffer = Buffer.alloc(Math.min(PIECE_BYTES, Math.max(1, sizeBytes)));
  for (let offset = 0, failures = 0; offset < sizeBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) throw new ClusterError('invalid_request', `${path} became shorter while it was sent.`);
    try {
      offset = (await client.appendToUpload(id, offset, buffer.subarray(0, bytesRead), { signal: context.signal })).offset;
      failures = 0;
    } catch (error) {
      const isBreak = isClusterError(error) && ['not_running', 'range_not_satisfiable', 'conflict'].includes(error.code);
      if (!isBreak || ++failures >= MOST_TRIES) throw error;
      offset = (await client.getUpload(id, { signal: context.signal })).offset;
    }
    tell(offset, offset);
  }
}

/** Uploads a file and gives its digest. What was not sent whole is given up. */
export async function uploadFile(context: Context, client: ClusterClient, path: string): Promise<string> {
  const { size } = await stat(path);
  const digest = await digestOf(path, context.signal);
  const { id } = await client.startUpload({ sizeBytes: size, digest }, { signal: context.signal });
  try {
    await sendPieces(context, client, id, path, size);
    return (await client.finishUpload(id, { digest }, { signal: context.signal })).digest;
  } catch (error) {
    await client.cancelUpload(id).catch(() => {}); // the first error says more
    throw error;
  }
}
