import { fromWireError, type Timings } from '@cluster-ai/contracts';

/** What both a chunk and a whole answer of the engine's dialect hold, as far as Ollama's dialect needs it. */
interface EngineMessage {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly ToolCallPiece[] | null;
}
interface ToolCallPiece {
  readonly index?: number;
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}
interface Choice {
  readonly text?: string;
  readonly delta?: EngineMessage;
  readonly message?: EngineMessage;
  readonly logprobs?: { readonly content?: readonly unknown[] | null } | null;
  readonly finish_reason?: string | null;
}
interface EngineObject {
  readonly choices?: readonly Choice[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens?: number } | null;
  readonly timings?: Timings;
  readonly error?: { readonly message?: string };
}

interface OllamaToolCall {
  readonly id?: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: unknown };
}

/** A piece of an answer, whichever endpoint it is for. */
export interface AnswerPiece {
  readonly text: string;
  readonly thinking?: string;
  readonly toolCalls?: readonly OllamaToolCall[];
  readonly logprobs?: readonly unknown[];
}

/** Tool calls arrive in fragments there and are whole here. */
function createToolCalls() {
  const calls = new Map<number, { id?: string; name: string; text: string }>();
  return {
    add(pieces: readonly ToolCallPiece[]) {
      for (const [at, piece] of pieces.entries()) {
        const key = piece.index ?? at;
        const call = calls.get(key) ?? { name: '', text: '' };
        calls.set(key, call);
        if (piece.id) call.id = piece.id;
        call.name += piece.function?.name ?? '';
        call.text += piece.function?.arguments ?? '';
      }
    },
    take(): readonly OllamaToolCall[] {
      const whole = [...calls.values()];
      calls.clear();
      return whole.map(({ id, name, text }, index) => ({
        ...(id === undefined ? {} : { id }),
        function: { index, name, arguments: parseArguments(text) },
      }));
    },
  };
}

/** An answer cut at `num_predict` can end inside of its arguments: then what there is goes out as text under `_incomplete`. */
function parseArguments(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return { _incomplete: text };
  }
}

export interface AnswerEnd {
  readonly finishReason: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly timings: Timings | undefined;
}

/** Reads an engine's answer piece by piece, streamed or whole. */
export function createAnswerReader() {
  const toolCalls = createToolCalls();
  let end: AnswerEnd = { finishReason: 'stop', promptTokens: 0, completionTokens: 0, timings: undefined };

  function noteEnd({ usage, timings, choices }: EngineObject) {
    const finishReason = choices?.[0]?.finish_reason ?? end.finishReason;
    end = {
      finishReason,
      promptTokens: usage?.prompt_tokens ?? end.promptTokens,
      completionTokens: usage?.completion_tokens ?? end.completionTokens,
      timings: timings ?? end.timings,
    };
  }

  return {
    /** The piece in one event or answer; `undefined` when it says nothing to show. Throws what an error event says. */
    read(json: string): AnswerPiece | undefined {
      const object = JSON.parse(json) as EngineObject;
      if (object.error) throw fromWireError(object.error, 'engine_error', object.error.message ?? 'The engine failed.');
      noteEnd(object);
      const [choice] = object.choices ?? [];
      const message = choice?.delta ?? choice?.message;
      if (message?.tool_calls) toolCalls.add(message.tool_calls);
      const text = choice?.text ?? message?.content ?? '';
      const thinking = message?.reasoning_content;
      const logprobs = choice?.logprobs?.content;
      const calls = choice?.finish_reason ? toolCalls.take() : [];
      if (text === '' && !thinking && !logprobs?.length && calls.length === 0) return undefined;
      return {
        text,
        ...(thinking ? { thinking } : {}),
        ...(calls.length === 0 ? {} : { toolCalls: calls }),
        ...(logprobs?.length ? { logprobs } : {}),
      };
    },
    end: () => end,
  };
}
