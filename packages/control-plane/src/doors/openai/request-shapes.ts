import { z } from 'zod';

/**
 * The fields that the cluster acts on. Everything else goes to the engine as it came: the door forwards bytes.
 * `nullish` everywhere, since clients send `null` for what they leave out.
 */
const text = z.string('expected a string');
const flag = z.boolean('expected true or false').nullish();
const count = z.int('expected a whole number').min(1, 'must be at least 1').nullish();
const within = (low: number, high: number) =>
  z.number('expected a number').min(low, `must be at least ${low}`).max(high, `must be at most ${high}`).nullish();

const toolCall = z.looseObject({
  id: text,
  function: z.looseObject({ name: text, arguments: text }),
});
const contentPart = z.looseObject({ type: text, text: text.nullish() });
const message = z.looseObject({
  role: z.enum(
    ['system', 'developer', 'user', 'assistant', 'tool', 'function'],
    'expected system, developer, user, assistant, tool or function',
  ),
  content: z.union([text, z.array(contentPart)], 'expected a string or a list of parts').nullish(),
  tool_calls: z.array(toolCall, 'expected a list').nullish(),
  tool_call_id: text.nullish(),
});
export type ChatMessage = z.infer<typeof message>;

const tool = z.looseObject({
  type: z.literal('function', 'only tools of type "function" exist here'),
  function: z.looseObject({
    name: text.min(1, 'must not be empty'),
    parameters: z.record(z.string(), z.unknown(), 'expected a JSON schema').nullish(),
  }),
});
const toolChoice = z.union(
  [z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: text }) })],
  'expected "none", "auto", "required" or { type: "function", function: { name } }',
);
const responseFormat = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      json_schema: z.looseObject({ name: text.nullish(), schema: z.record(z.string(), z.unknown(), 'expected a JSON schema') }),
    }),
  ],
  'expected the type "text", "json_object" or "json_schema"',
);

const common = {
  model: text.max(300, 'is too long').nullish(),
  stream: flag,
  stream_options: z.looseObject({ include_usage: flag }, 'expected an object').nullish(),
  max_tokens: z.int('expected a whole number').min(0, 'must not be negative').nullish(), // 0: only score the prompt
  temperature: within(0, 10),
  top_p: within(0, 1),
  frequency_penalty: within(-2, 2),
  presence_penalty: within(-2, 2),
  seed: z.int('expected a whole number').nullish(),
  n: count,
  stop: z.union([text, z.array(text).max(16, 'may hold at most 16')], 'expected a string or a list of strings').nullish(),
};

export const chatShape = z.looseObject({
  ...common,
  messages: z.array(message, 'expected a list of messages').min(1, 'must hold at least one message'),
  max_completion_tokens: count,
  tools: z.array(tool, 'expected a list of tools').nullish(),
  tool_choice: toolChoice.nullish(),
  response_format: responseFormat.nullish(),
  logprobs: flag,
  top_logprobs: within(0, 20),
});

const tokens = z.array(z.int().min(0));
const textOrTokens = (expected: string) => z.union([text, z.array(text).min(1), tokens.min(1), z.array(tokens).min(1)], expected);

export const completionShape = z.looseObject({
  ...common,
  prompt: textOrTokens('expected a string, a list of strings, or tokens'),
  suffix: text.nullish(),
  echo: flag,
  best_of: count,
  logprobs: within(0, 20),
});

export const embeddingShape = z.looseObject({
  model: common.model,
  input: textOrTokens('expected a string, a list of strings, or tokens, and not an empty one'),
  encoding_format: z.enum(['float', 'base64'], 'expected "float" or "base64"').nullish(),
  dimensions: count,
});
