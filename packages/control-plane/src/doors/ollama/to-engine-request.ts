import type { EngineOptions } from '@cluster-ai/contracts';
import type { ChatRequest, GenerateRequest, OllamaFormat, OllamaMessage, OllamaOptions } from './request-shapes.ts';

type Fields = Record<string, unknown>;

/** What Ollama samples with when a request does not say, so that the same request gives the same kind of text here. */
const defaults = { temperature: 0.8, top_k: 40, top_p: 0.9, min_p: 0, repeat_penalty: 1.1, repeat_last_n: 64 };

/** `num_keep`, `num_thread`, `num_gpu` and the rest of the memory layout are the cluster's own matter and change nothing here. */
function toSampling(options: OllamaOptions): Fields {
  const { num_predict, seed, temperature, top_k, top_p, min_p, typical_p, stop } = options;
  const { repeat_last_n, repeat_penalty, presence_penalty, frequency_penalty } = options;
  return withoutEmpty({
    ...defaults,
    ...withoutEmpty({
      temperature,
      top_k,
      top_p,
      min_p,
      typical_p,
      repeat_last_n,
      repeat_penalty,
      presence_penalty,
      frequency_penalty,
      stop,
    }),
    max_tokens: num_predict && num_predict > 0 ? num_predict : undefined, // -1 and -2: until the context is full
    seed: seed !== null && seed !== undefined && seed >= 0 ? seed : undefined,
  });
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}

function toResponseFormat(format: OllamaFormat): Fields {
  if (format === null || format === undefined || format === '') return {};
  if (typeof format === 'string') return { response_format: { type: 'json_object' } };
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: format } } };
}

function toShared(request: ChatRequest | GenerateRequest): Fields {
  const isStream = request.stream !== false;
  return {
    ...toSampling(request.options ?? {}),
    ...toResponseFormat(request.format),
    stream: isStream,
    ...(isStream ? { stream_options: { include_usage: true } } : {}),
    timings: true,
    ...(request.logprobs ? { logprobs: true, top_logprobs: request.top_logprobs ?? 0 } : {}),
  };
}

/** Ollama's tool messages follow their calls in order, mostly without an id; OpenAI's dialect needs one on both sides. */
function toMessages(messages: readonly OllamaMessage[]): Fields[] {
  let waiting: { readonly id: string; readonly name: string }[] = [];
  const takeCallId = ({ tool_call_id, tool_name }: OllamaMessage): string => {
    if (tool_call_id) return tool_call_id;
    const call = waiting.find(({ name }) => name === tool_name) ?? waiting[0];
    waiting = waiting.filter((other) => other !== call);
    return call?.id ?? 'call_unknown';
  };
  return messages.map((message, at) => {
    const { role, content, thinking } = message;
    if (role === 'tool') return withoutEmpty({ role, content: content ?? '', tool_call_id: takeCallId(message), name: message.tool_name });
    const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: given } }, index) => ({
      id: id || `call_${at}_${index}`,
      type: 'function',
      function: { name, arguments: JSON.stringify(given ?? {}) },
    }));
    waiting = [...waiting, ...calls.map((call) => ({ id: call.id, name: call.function.name }))];
    return withoutEmpty({
      role,
      content: content ?? '',
      reasoning_content: thinking || undefined,
      tool_calls: calls.length === 0 ? undefined : calls,
    });
  });
}

export function toChatBody(request: ChatRequest): Fields {
  const tools = (request.tools ?? []).map((tool) => ({ ...tool, type: 'function' }));
  return {
    messages: toMessages(request.messages ?? []),
    ...(tools.length === 0 ? {} : { tools }),
    ...toShared(request),
  };
}

/** A prompt as one turn of a chat, which is what a model with a template gets. */
export function toPromptChatBody(request: GenerateRequest): Fields {
  const { system, prompt } = request;
  const messages = [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: prompt ?? '' }];
  return { messages, ...toShared(request) };
}

/** A prompt as it is: `raw`, or a model without a template. */
export function toPromptBody(request: GenerateRequest): Fields {
  const { system, prompt, raw } = request;
  return { prompt: system && !raw ? `${system}\n\n${prompt ?? ''}` : (prompt ?? ''), ...toShared(request) };
}

/** What a replica that has to be started for the request should be like. */
export function toEngineOptions(options: OllamaOptions | null | undefined): { readonly engineOptions?: EngineOptions } {
  const contextSize = options?.num_ctx;
  return contextSize && contextSize > 0 ? { engineOptions: { contextSize: Math.max(64, contextSize) } } : {};
}
