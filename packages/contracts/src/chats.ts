import { z } from 'zod';
import { generationOptionsShape } from './generation-options.ts';
import { saidShape } from './said.ts';

export const chatRoleShape = z.enum(['system', 'user', 'assistant']);

/** What an answer cost and who gave it. Times in milliseconds; null where the answer failed before. */
export const answerFactsShape = z.object({
  model: z.string(),
  node: z.string().nullable(),
  firstTokenMs: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  promptTokens: z.int().nullable(),
  completionTokens: z.int().nullable(),
  finishReason: z.string().nullable().describe('stop, length, stopped (by the person), error.'),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string(), said: saidShape.optional() }).nullable(),
});
export type AnswerFacts = z.infer<typeof answerFactsShape>;

/** One message of a chat. Messages form a tree by `parentId`, so that an edit or a second answer loses nothing. */
export const chatMessageShape = z
  .object({
    id: z.string(),
    parentId: z.string().nullable(),
    role: chatRoleShape,
    content: z.string(),
    createdAt: z.iso.datetime(),
    isComplete: z.boolean().describe('False while it is being generated.'),
    answer: answerFactsShape.nullable().describe('Of assistant messages.'),
  })
  .meta({ id: 'ChatMessage' });
export type ChatMessage = z.infer<typeof chatMessageShape>;

export const chatShape = z
  .object({
    id: z.string(),
    title: z.string(),
    model: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    headId: z.string().nullable().describe('The newest message of the branch that is shown.'),
    isPinned: z.boolean(),
    isGenerating: z.boolean(),
    isReadable: z.boolean().describe('False: it is sealed with a key that is gone; title, options and messages are empty.'),
    options: generationOptionsShape.describe('How its answers are made; empty: the defaults.'),
  })
  .meta({ id: 'Chat' });
export type Chat = z.infer<typeof chatShape>;

/** Server-sent events of a chat's stream: `event` is the type. */
export const chatStreamEventShape = z
  .discriminatedUnion('type', [
    /** First: the whole message as far as it is. */
    z.object({ type: z.literal('message'), message: chatMessageShape }),
    /** Why there is no text yet: model state, queue position. */
    z.object({ type: z.literal('waiting'), reason: z.string(), message: z.string(), said: saidShape.optional() }),
    z.object({ type: z.literal('delta'), messageId: z.string(), text: z.string() }),
    /** Last: the message as it was stored. */
    z.object({ type: z.literal('done'), message: chatMessageShape }),
  ])
  .meta({ id: 'ChatStreamEvent' });
export type ChatStreamEvent = z.infer<typeof chatStreamEventShape>;
