import type { Clock } from '@cluster-ai/runtime';
import type { InferenceAnswer } from '../../gateway/gateway.ts';
import { readEventData, readWhole } from '../../gateway/read-answer.ts';
import type { ClientStream } from '../shared/client-stream.ts';
import type { StreamDialect } from '../shared/stream-answer.ts';
import { type AnswerEnd, type AnswerPiece, createAnswerReader } from './from-engine-answer.ts';
import { toOllamaError } from './ollama-error.ts';
import { toStatistics, toTimestamp } from './times.ts';

type Fields = Readonly<Record<string, unknown>>;

/** How one endpoint writes a piece: `response`, or `message`. */
export type PieceWriter = (piece: AnswerPiece) => Fields;

const nothing: AnswerPiece = { text: '' };

export const writeGenerated: PieceWriter = ({ text, thinking, logprobs }) => ({
  response: text,
  ...(thinking === undefined ? {} : { thinking }),
  ...(logprobs === undefined ? {} : { logprobs }),
});

export const writeMessage: PieceWriter = ({ text, thinking, toolCalls, logprobs }) => ({
  message: {
    role: 'assistant',
    content: text,
    ...(thinking === undefined ? {} : { thinking }),
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
  },
  ...(logprobs === undefined ? {} : { logprobs }),
});

/** Writes Ollama's objects for one request. `model` is echoed as the client wrote it. */
export function createLineWriter(model: string, write: PieceWriter, clock: Clock) {
  const startedAt = clock.monotonic();
  const line = (piece: AnswerPiece, rest: Fields) => ({ model, created_at: toTimestamp(clock.now()), ...write(piece), ...rest });
  return {
    piece: (piece: AnswerPiece) => line(piece, { done: false }),
    last: (end: AnswerEnd, piece: AnswerPiece = nothing) =>
      line(piece, {
        done: true,
        done_reason: end.finishReason === 'length' ? 'length' : 'stop',
        ...toStatistics(end, clock.monotonic() - startedAt),
      }),
    /** The whole answer to a request that only loads or unloads. */
    without: (reason: 'load' | 'unload') => line(nothing, { done: true, done_reason: reason }),
  };
}
type LineWriter = ReturnType<typeof createLineWriter>;

const toLine = (object: unknown) => `${JSON.stringify(object)}\n`;

/** Newline-delimited JSON out of an engine's events. */
export function ollamaLines(writer: LineWriter): StreamDialect {
  async function forward({ body }: InferenceAnswer, stream: ClientStream) {
    const reader = createAnswerReader();
    for await (const data of readEventData(body)) {
      const piece = reader.read(data);
      if (piece !== undefined && !stream.write(toLine(writer.piece(piece)))) await stream.drained();
    }
    stream.write(toLine(writer.last(reader.end())));
  }
  return {
    contentType: 'application/x-ndjson',
    keepAlive: () => toLine(writer.piece(nothing)), // clients parse every line: only an empty piece means nothing to all of them
    toErrorEvent: (error) => toLine(toOllamaError(error)),
    forward,
  };
}

/** One object out of an engine's whole answer. */
export async function toWholeObject({ body }: InferenceAnswer, writer: LineWriter): Promise<Fields> {
  const reader = createAnswerReader();
  const piece = reader.read((await readWhole(body)).toString('utf8'));
  return writer.last(reader.end(), piece);
}
