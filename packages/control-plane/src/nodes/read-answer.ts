import { ClusterError, fromWireError } from '@cluster-ai/contracts';
import type { LinkResponse } from './nodes.ts';

const longestAnswer = 16 * 1024 * 1024;

/** The JSON of a short answer. Throws the error that the agent sent. */
export async function readAnswer({ status, body }: LinkResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > longestAnswer) throw new ClusterError('engine_error', 'The agent sent a longer answer than its API has.');
    chunks.push(chunk as Buffer);
  }
  const value = parse(Buffer.concat(chunks).toString('utf8'));
  if (status < 400) return value;
  throw fromWireError((value as { error?: unknown } | undefined)?.error, 'engine_error', `The agent answered with status ${status}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClusterError('engine_error', 'The agent sent something that is not JSON.', { cause });
  }
}
