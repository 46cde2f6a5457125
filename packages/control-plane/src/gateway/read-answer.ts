import type { Readable } from 'node:stream';
import { ClusterError, isClusterError, phrase } from '@cluster-ai/contracts';

/** An answer that broke off, in our words. */
export function brokenAnswer(cause?: unknown): ClusterError {
  if (isClusterError(cause)) return cause;
  return new ClusterError('engine_error', phrase('answer_broke_off'), { hint: phrase('send_again'), cause });
}

/** A whole answer that is not streamed: one JSON object. Throws when it broke off, so that the status can still say so. */
export async function readWhole(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw brokenAnswer(error);
  }
  const whole = Buffer.concat(chunks);
  // some ways for a connection to go look like an ordinary end
  if (!whole.subarray(-8).toString('latin1').trimEnd().endsWith('}')) throw brokenAnswer();
  return whole;
}

const DONE = '[DONE]';

/** The payloads of `data:` lines up to the end mark. Throws when the stream ends without one. */
export async function* readEventData(body: Readable): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of body as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('data:')) continue;
        const data = line.slice(5).trim();
        if (data === DONE) return;
        yield data;
      }
    }
  } catch (error) {
    throw brokenAnswer(error);
  }
  throw brokenAnswer();
}
