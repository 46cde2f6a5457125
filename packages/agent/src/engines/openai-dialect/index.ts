export { type AnswerOptions, type AnswerWriter, createAnswerWriter } from './answer-writer.ts';
export {
  type AnswerHead,
  type ChatDelta,
  type CollectedChoice,
  type FinishReason,
  type TokenLogprob,
  type ToolCallDelta,
  toChatAnswer,
  toChatChunk,
  toCompletionAnswer,
  toCompletionChunk,
  toEmbeddingsAnswer,
  toErrorEvent,
  toTimings,
  toToolCallDelta,
  toUsage,
  toUsageChunk,
} from './answers.ts';
export {
  createInferenceListener,
  type Embeddings,
  type Exchange,
  type InferenceHandlers,
  type InferenceListenerOptions,
} from './inference-listener.ts';
export {
  type ChatMessage,
  type ChatRequest,
  type CompletionRequest,
  type EmbeddingRequest,
  parseChatRequest,
  parseCompletionRequest,
  parseEmbeddingRequest,
  parseJson,
  type ResponseFormat,
  type Tool,
  type ToolCall,
  type ToolChoice,
} from './requests.ts';
export { sendError } from './send-error.ts';
export { doneEvent, keepAliveComment, toEvent } from './server-sent-events.ts';
