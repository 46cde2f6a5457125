import { z } from 'zod';
import { named } from './request-shapes.ts';

const text = z.string('expected a string');
const flag = z.boolean('expected true or false').nullish();

const transfer = { ...named, insecure: flag, stream: flag, username: text.nullish(), password: text.nullish() };
export const pullShape = z.looseObject(transfer);
export const pushShape = z.looseObject(transfer);
export const copyShape = z.looseObject({ source: text.min(1, 'is empty'), destination: text.min(1, 'is empty') });
export const deleteShape = z.looseObject(named);

const message = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool'], 'expected system, user, assistant or tool'),
  content: text,
});
const files = z.record(z.string(), text, 'expected file names with digests').nullish();

export const createShape = z.looseObject({
  ...named,
  stream: flag,
  from: text.nullish(),
  files,
  adapters: files,
  template: text.nullish(),
  system: text.nullish(),
  license: z.union([text, z.array(text)], 'expected a text or a list of texts').nullish(),
  parameters: z.record(z.string(), z.unknown(), 'expected an object').nullish(),
  messages: z.array(message, 'expected a list of messages').nullish(),
  quantize: text.nullish(),
  quantization: text.nullish(),
  modelfile: text.nullish(),
});
export type CreateRequest = z.infer<typeof createShape>;
