import {
  agentPaths,
  ClusterError,
  fromWireError,
  type InferenceUsage,
  inferenceHeaders,
  inferenceUsageShape,
  phrase,
} from '@cluster-ai/contracts';
import type { LinkResponse, Nodes } from '../nodes/nodes.ts';
import type { ResolvedModel } from '../registry/registry.ts';
import { AnswerBody } from './answer-body.ts';
import type { AnswerRecords } from './answer-records.ts';
import type { InferenceCall } from './gateway.ts';
import type { ReadyReplica } from './replica-index.ts';
import type { Watchdog } from './watchdog.ts';

/** An answer that has begun. */
export interface BegunAnswer {
  readonly contentType: string;
  readonly body: AnswerBody;
  readonly usage: Promise<InferenceUsage | undefined>;
}

/**
 * `first`: what comes goes to the caller, and is recorded if it is a stream. The others go on with a stream that broke: `anew` before anything was
 * said, `continued` after it.
 */
export type Leg = 'first' | 'anew' | 'continued';

interface Try {
  readonly call: InferenceCall;
  readonly leg: Leg;
  readonly model: ResolvedModel;
  readonly replica: ReadyReplica;
}

interface CallDeps {
  readonly nodes: Nodes;
  readonly records: AnswerRecords;
  readonly watchdog: Watchdog;
  readonly firstTokenTimeoutMs: number;
}

const MOST_ERROR_BYTES = 64 * 1024;
const cancelled = () => new ClusterError('cancelled', 'The caller went away.');

async function readErrorText({ body }: LinkResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A refusal of the agent or the engine, with its own code. */
async function readRefusal(response: LinkResponse, { nodeName }: ReadyReplica): Promise<ClusterError> {
  const message = phrase('engine_refused', { node: nodeName, status: response.status });
  try {
    const { error } = JSON.parse(await readErrorText(response)) as { error?: unknown };
    return fromWireError(error, 'engine_error', message);
  } catch (cause) {
    return new ClusterError('engine_error', message, { cause });
  }
}

async function readUsage({ trailers }: LinkResponse): Promise<InferenceUsage | undefined> {
  const text = (await trailers)[inferenceHeaders.usage];
  if (text === undefined) return undefined;
  try {
    return inferenceUsageShape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // an agent of another version; the answer itself is not worse for it
  }
}

function send({ nodes }: CallDeps, { call, model, replica }: Try, signal: AbortSignal): Promise<LinkResponse> {
  const headers = {
    'content-type': 'application/json',
    [inferenceHeaders.requestId]: call.requestId,
    [inferenceHeaders.model]: model.reference,
  };
  const path = agentPaths.inference(replica.replicaId, call.path);
  return nodes.request(replica.nodeId, { method: 'POST', path, headers, body: call.body, signal });
}

/** An engine that does not know how to go on would begin anew, in the middle of what the caller has. */
function refuseBeginning({ headers, body }: LinkResponse, { nodeName }: ReadyReplica): void {
  if (headers[inferenceHeaders.continues] !== undefined) return;
  body.destroy();
  throw new ClusterError('unsupported_feature', `The engine on node ${nodeName} cannot continue what another one began.`);
}

function openBody({ records }: CallDeps, { leg }: Try, { body, headers }: LinkResponse): AnswerBody {
  const isRecorded = leg === 'first' && headers['content-type']?.startsWith('text/event-stream');
  return new AnswerBody(body, isRecorded ? records.open() : undefined);
}

/**
 * One try on one replica. Resolves with the first bytes of the answer; whatever fails before is thrown, so that the caller can try elsewhere.
 * The call's signal ends it at any time, the answer's body included.
 */
export async function callReplica(deps: CallDeps, attempted: Try): Promise<BegunAnswer> {
  const { call, leg, replica } = attempted;
  const attempt = new AbortController();
  const end = (error: ClusterError) => attempt.abort(error);
  const onAbort = () => end(cancelled());
  if (call.signal.aborted) throw cancelled();
  call.signal.addEventListener('abort', onAbort, { once: true });
  const unwatch = deps.watchdog.watch(deps.firstTokenTimeoutMs, () =>
    end(
      new ClusterError('engine_timeout', phrase('did_not_begin', { node: replica.nodeName, seconds: deps.firstTokenTimeoutMs / 1000 }), {
        hint: phrase('look_there_or_wait_longer'),
      }),
    ),
  );
  const letGo = () => call.signal.removeEventListener('abort', onAbort);
  try {
    const response = await send(deps, attempted, attempt.signal);
    if (response.status !== 200) throw await readRefusal(response, replica);
    if (leg === 'continued') refuseBeginning(response, replica);
    const body = openBody(deps, attempted, response);
    attempt.signal.addEventListener('abort', () => body.destroy(attempt.signal.reason), { once: true });
    body.once('close', letGo);
    await body.begun;
    if (body.errored) throw body.errored; // with its first bytes, which nobody has yet
    return { contentType: response.headers['content-type'] ?? 'application/json', body, usage: readUsage(response) };
  } catch (error) {
    letGo();
    throw attempt.signal.aborted ? attempt.signal.reason : error;
  } finally {
    unwatch();
  }
}
