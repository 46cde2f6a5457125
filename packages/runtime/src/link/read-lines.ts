import type { Readable } from 'node:stream';
import { ClusterError } from '@cluster-ai/contracts';

/** The lines of a byte stream. Throws `payload_too_large` for a line beyond `maxBytes`, and what the stream throws. */
export async function* readLines(body: Readable, maxBytes: number): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > maxBytes) throw new ClusterError('payload_too_large', `A line is longer than ${maxBytes} bytes.`);
  }
}
