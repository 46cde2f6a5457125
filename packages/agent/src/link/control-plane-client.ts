import { type ClientHttp2Session, constants } from 'node:http2';
import { ClusterError, fromWireError } from '@cluster-ai/contracts';
import { type StreamRequest, type StreamResponse, startRequest } from '@cluster-ai/runtime';

const longestAnswer = 64 * 1024;

const toBroken = () =>
  new ClusterError('not_running', 'The connection to the control plane broke before the answer was complete.', {
    hint: 'Try again; see `cluster-ai doctor`.',
  });

/** One request to the control plane. Throws the error that it sent, or `not_running` when the connection broke. */
export async function ask(session: ClientHttp2Session, request: StreamRequest): Promise<StreamResponse> {
  const response = await startRequest(session, request, toBroken).response;
  if (response.status < 400) return response;
  const { error } = (await readJsonBody(response)) as { error?: unknown };
  throw fromWireError(error, 'internal', `The control plane answered with status ${response.status}.`);
}

/** Asks, and reads an answer of JSON. */
export async function askJson(session: ClientHttp2Session, request: StreamRequest): Promise<unknown> {
  return readJsonBody(await ask(session, request));
}

async function readJsonBody({ body }: StreamResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > longestAnswer) throw toBroken();
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new ClusterError('internal', 'The control plane sent something that is not JSON.', { cause });
  }
}

/** Ends a session together with whatever still runs on it. */
export function endSession(session: ClientHttp2Session): void {
  session.destroy(undefined, constants.NGHTTP2_CANCEL);
}
