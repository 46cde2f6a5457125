import { z } from 'zod';

const text = z.string('expected a string');
const flag = z.boolean('expected true or false').nullish();
const number = z.number('expected a number').nullish();
// Ollama cuts what its clients send as 40.0
const whole = z.number('expected a number').transform(Math.trunc).nullish();

export const optionsShape = z.looseObject(
  {
    num_ctx: whole,
    num_predict: whole,
    seed: whole,
    temperature: number,
    top_k: whole,
    top_p: number,
    min_p: number,
    typical_p: number,
    repeat_last_n: whole,
    repeat_penalty: number,
    presence_penalty: number,
    frequency_penalty: number,
    stop: z.union([text, z.array(text)], 'expected a list of strings').nullish(),
  },
  'expected an object',
);
export type OllamaOptions = z.infer<typeof optionsShape>;

const format = z.union([text, z.record(z.string(), z.unknown())], 'expected "json" or a JSON schema').nullish();
export type OllamaFormat = z.infer<typeof format>;

// `name` is the field's old name, which clients still send
export const named = { model: text.nullish(), name: text.nullish() };
const common = {
  ...named,
  stream: flag,
  format,
  options: optionsShape.nullish(),
  keep_alive: z.union([z.number(), text], 'expected seconds or a duration such as "5m"').nullish(),
  think: z.union([z.boolean(), text], 'expected true, false or a level').nullish(),
  logprobs: flag,
  top_logprobs: whole,
};
const images = z.array(z.unknown(), 'expected a list').nullish();

export const generateShape = z.looseObject({
  ...common,
  prompt: text.nullish(),
  suffix: text.nullish(),
  system: text.nullish(),
  template: text.nullish(),
  context: z.array(z.unknown(), 'expected a list').nullish(),
  raw: flag,
  images,
});
export type GenerateRequest = z.infer<typeof generateShape>;

const toolCall = z.looseObject({
  id: text.nullish(),
  function: z.looseObject({ name: text, arguments: z.record(z.string(), z.unknown(), 'expected an object').nullish() }),
});
const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool'], 'expected system, user, assistant or tool'),
  content: text.nullish(),
  thinking: text.nullish(),
  images,
  tool_calls: z.array(toolCall, 'expected a list').nullish(),
  tool_name: text.nullish(),
  tool_call_id: text.nullish(),
});
export type OllamaMessage = z.infer<typeof message>;

const tool = z.looseObject({
  type: text.nullish(),
  function: z.looseObject({ name: text, description: text.nullish(), parameters: z.record(z.string(), z.unknown()).nullish() }),
});

export const chatShape = z.looseObject({
  ...common,
  messages: z.array(message, 'expected a list of messages').nullish(),
  tools: z.array(tool, 'expected a list of tools').nullish(),
});
export type ChatRequest = z.infer<typeof chatShape>;

const embedding = { ...named, options: common.options, keep_alive: common.keep_alive };
export const embedShape = z.looseObject({
  ...embedding,
  input: z.union([text, z.array(text)], 'expected a string or a list of strings').nullish(),
  dimensions: z.int('expected a whole number').min(1).nullish(),
  truncate: flag,
});
export const oldEmbedShape = z.looseObject({ ...embedding, prompt: text.nullish() });
export const showShape = z.looseObject({ ...named, verbose: flag });
