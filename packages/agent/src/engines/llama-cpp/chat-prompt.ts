import type { ChatMessage, Tool } from '../openai-dialect/index.ts';
import type { ChatTemplate } from './chat-template.ts';
import { checkPromptLength } from './prompt-length.ts';
import { isTooLongText } from './vocabulary.ts';

/** A chat as the model reads it. */
export interface ChatPrompt {
  readonly tokens: readonly number[];
  /** The tools that the model was told of. */
  readonly tools: readonly Tool[];
}

export interface ChatPromptDeps {
  readonly template: ChatTemplate;
  /** Throws ClusterError `context_length_exceeded` where a text is too long to be looked at. */
  readonly toTokens: (text: string) => readonly number[];
  readonly contextSize: number;
}

export interface Offer {
  readonly tools: readonly Tool[];
  /** The answer has to be a call. */
  readonly isForced: boolean;
}

/**
 * Tools that alone would take more than half of the context are kept from a model that was never taught any: it would hardly call one, and
 * the conversation would have no room. A model that knows tools gets what the caller wants, and it is an error where that does not fit.
 * Throws ClusterError `context_length_exceeded`, and what the template throws.
 */
export function toChatPrompt(deps: ChatPromptDeps, messages: readonly ChatMessage[], { tools, isForced }: Offer): ChatPrompt {
  const { template, toTokens, contextSize } = deps;
  const text = template.render(messages, tools);
  if (tools.length === 0) return { tokens: toTokens(text), tools };
  const mayLeaveOut = !template.knowsTools && !isForced;
  if (mayLeaveOut && isTooLongText(text, contextSize)) return { tokens: toTokens(template.render(messages, [])), tools: [] };
  const tokens = toTokens(text);
  if (tokens.length <= contextSize / 2) return { tokens, tools };
  const bare = toTokens(template.render(messages, []));
  const share = { count: tools.length, tokens: tokens.length - bare.length };
  if (mayLeaveOut && share.tokens > contextSize / 2) return { tokens: bare, tools: [] };
  checkPromptLength(tokens.length, contextSize, share);
  return { tokens, tools };
}
