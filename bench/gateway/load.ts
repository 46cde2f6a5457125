import { Agent, request as startRequest } from 'node:http';

/** Posts chats to one address over kept connections, with these headers beside the usual ones. */
export function createClient(url: string, more: Readonly<Record<string, string>> = {}) {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 1024 });
  const target = { hostname, port, path: '/v1/chat/completions', method: 'POST', agent };

  /** Resolves with what came; rejects on a status other than 200 and on an answer that breaks. */
  function post(body: string, signal?: AbortSignal): Promise<{ readonly text: string; readonly events: number; readonly writes: number }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...more };
      const request = startRequest({ ...target, headers, ...(signal ? { signal } : {}) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}: ${text.slice(0, 300)}`));
          resolve({ text, events: text.split('\n\n').length - 1, writes: chunks.length });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
  return { post, close: () => agent.destroy() };
}

/** A chat of about 950 bytes, as measured clients send them. */
export function toChat(model: string, stream: boolean, bytes = 950): string {
  const empty = JSON.stringify({ model, stream, messages: [{ role: 'user', content: '' }] });
  return JSON.stringify({
    model,
    stream,
    messages: [{ role: 'user', content: 'word '.repeat(Math.ceil(bytes / 5)).slice(0, bytes - empty.length) }],
  });
}

/** Runs `work` so often, so many at a time. */
export async function repeat(count: number, width: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: width }, lane));
}
