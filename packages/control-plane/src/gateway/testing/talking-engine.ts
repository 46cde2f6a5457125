import { ClusterError, type Continuation, type ErrorCode, inferenceHeaders } from '@cluster-ai/contracts';
import type { AnswerScript } from './memory-nodes.ts';
import { someUsage } from './memory-nodes.ts';

export interface TalkingEngine {
  /** What it says, a token at a time. */
  readonly tokens: readonly string[];
  /** So many bytes of its stream arrive, then it breaks; all of them where nothing is said. */
  readonly breaksAfter?: number;
  readonly breaksWith?: ErrorCode;
  /** In how large pieces its bytes arrive. */
  readonly pieceBytes?: number;
  /** False: an engine that never heard of continuations, and begins anew. */
  readonly canContinue?: boolean;
  /** What it says that its work took. */
  readonly generationMs?: number;
}

interface Asked {
  readonly continuation?: Continuation;
  readonly stream_options?: { readonly include_usage?: boolean };
}

const toEvent = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
const toChunk = (delta: object, finish_reason: string | null, created: number) =>
  toEvent({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created, model: 'starter', choices: [{ index: 0, delta, finish_reason }] });

/** The tokens after a text; none where it is all of them. */
function tokensAfter(tokens: readonly string[], said: string): readonly string[] {
  let rest = said;
  let index = 0;
  for (; rest !== ''; index++) {
    const token = tokens[index];
    if (token === undefined || !rest.startsWith(token)) throw new ClusterError('engine_error', `Nobody says "${said}" here.`);
    rest = rest.slice(token.length);
  }
  return tokens.slice(index);
}

function toStream(tokens: readonly string[], { continuation, stream_options }: Asked): Buffer {
  const created = continuation?.created ?? 1_700_000_000;
  const role = continuation ? {} : { role: 'assistant' };
  const rest = tokensAfter(tokens, continuation?.text ?? '');
  const said = rest.map((content, index) => toChunk(index === 0 ? { ...role, content } : { content }, null, created));
  const usage = { choices: [], usage: { prompt_tokens: 10, completion_tokens: tokens.length } };
  const numbers = stream_options?.include_usage ? [toEvent(usage)] : [];
  return Buffer.from([...said, toChunk({}, 'stop', created), ...numbers, 'data: [DONE]\n\n'].join(''));
}

function* toPieces(bytes: Buffer, length: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** Streams a text as an engine does, goes on where another one was broken off, and breaks off itself. For `onRequest` of a memory node. */
export function talk(engine: TalkingEngine): AnswerScript {
  const { tokens, breaksAfter, breaksWith = 'engine_crashed', pieceBytes = 64, canContinue = true, generationMs = 200 } = engine;
  return ({ body }) => {
    const asked = JSON.parse(Buffer.from(body ?? []).toString('utf8')) as Asked;
    const { continuation: _unknown, ...known } = asked;
    const isContinued = canContinue && asked.continuation !== undefined;
    const stream = toStream(tokens, canContinue ? asked : known);
    async function* arrive() {
      yield* toPieces(stream.subarray(0, breaksAfter), pieceBytes);
      if (breaksAfter !== undefined && breaksAfter < stream.length) throw new ClusterError(breaksWith, 'The engine broke off its answer.');
    }
    return {
      contentType: 'text/event-stream; charset=utf-8',
      headers: isContinued ? { [inferenceHeaders.continues]: '1' } : {},
      body: arrive(),
      usage: { ...someUsage, completionTokens: tokens.length, generationMs },
    };
  };
}

/** The bytes of an undisturbed stream. */
export const lengthOf = (tokens: readonly string[], asked: Asked = {}): number => toStream(tokens, asked).length;
