export type { AnswerWriter } from './answer-writer.ts';
export type { FinishReason, TokenLogprob, ToolCallDelta } from './answers.ts';
export { createInferenceListener, type Embeddings, type Exchange, type InferenceHandlers } from './inference-listener.ts';
export {
  type ChatMessage,
  type ChatRequest,
  type CompletionRequest,
  type EmbeddingRequest,
  parseChatRequest,
  parseCompletionRequest,
  type ResponseFormat,
  type Tool,
} from './requests.ts';
