import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { ChatRequest, CompletionRequest, InferenceHandlers, Tool } from '../openai-dialect/index.ts';
import { toChatPrompt } from './chat-prompt.ts';
import type { ChatTemplate } from './chat-template.ts';
import type { Embedder } from './embedder.ts';
import { generate } from './generation.ts';
import type { GrammarMaker } from './grammars.ts';
import type { LockStepDriver } from './lock-step-driver.ts';
import { createToolCallReader } from './tool-calls.ts';
import { checkTextLength, type Vocabulary } from './vocabulary.ts';

export interface InferenceDeps {
  /** Undefined for a model that only embeds. */
  readonly driver: LockStepDriver | undefined;
  readonly vocabulary: Vocabulary;
  readonly template: ChatTemplate | undefined;
  readonly grammars: GrammarMaker;
  readonly embedder: Embedder;
  readonly contextSize: number;
  readonly clock: Clock;
}

function refuse(isAsked: boolean, param: string, sentence: string) {
  if (isAsked) throw new ClusterError('unsupported_feature', sentence, { param });
}

function refuseUnsupported(request: ChatRequest | CompletionRequest) {
  refuse(
    request.typical_p !== undefined && request.typical_p !== 1,
    'typical_p',
    'This engine has no typical sampling; leave typical_p out.',
  );
}

function refuseUnsupportedCompletion(request: CompletionRequest) {
  refuseUnsupported(request);
  refuse((request.suffix ?? '') !== '', 'suffix', 'This engine does not fill in the middle of a text; leave suffix out.');
  refuse((request.best_of ?? 1) > (request.n ?? 1), 'best_of', 'This engine does not rank answers; leave best_of out or set it to n.');
  refuse(request.echo === true && request.logprobs !== undefined, 'echo', 'This engine gives no log-probabilities of the prompt.');
}

/** The tools that this request may call. */
function offeredTools({ tools = [], tool_choice: choice }: ChatRequest): readonly Tool[] {
  if (choice === 'none') return [];
  if (choice === undefined || choice === 'auto') return tools;
  if (tools.length === 0)
    throw new ClusterError('invalid_request', 'tool_choice asks for a call, but no tools are given.', { param: 'tool_choice' });
  if (choice === 'required') return tools;
  const named = tools.filter((tool) => tool.function.name === choice.function.name);
  if (named.length === 0)
    throw new ClusterError('invalid_request', `tool_choice names "${choice.function.name}", which is not among the tools.`, {
      param: 'tool_choice',
    });
  return named;
}

const isForced = ({ tool_choice: choice }: ChatRequest) => choice === 'required' || typeof choice === 'object';

/** What the doors' requests mean for this model. */
export function createInference(deps: InferenceDeps): InferenceHandlers {
  const { vocabulary, template, grammars, embedder, contextSize, clock } = deps;

  const toDeps = () => {
    if (!deps.driver) throw new ClusterError('unsupported_feature', phrase('only_makes_embeddings'));
    return { driver: deps.driver, vocabulary, contextSize, clock };
  };

  /** Never empty: an empty prompt becomes the model's begin token, or a line break. */
  const toTokens = (prompt: string | readonly number[], hasBegin: boolean) => {
    if (typeof prompt !== 'string') return prompt;
    checkTextLength(prompt, contextSize, 'prompt');
    const tokens = vocabulary.tokenize(prompt, { hasBegin });
    return tokens.length > 0 ? tokens : vocabulary.tokenize('\n', { hasBegin });
  };

  /** What was said elsewhere already, as the model would have said it. What is shown of control tokens there is read as them here. */
  const toSaid = ({ continuation }: ChatRequest | CompletionRequest, readsSpecial: boolean) => {
    if (continuation === undefined) return undefined;
    const { text, generationMs } = continuation;
    checkTextLength(text, contextSize, 'continuation');
    return { text, generationMs, tokens: vocabulary.tokenizeAnswer(text, { readsSpecial }) };
  };

  return {
    async chat(request, exchange, answer) {
      const arrivedAt = clock.monotonic();
      const generationDeps = toDeps();
      if (!template)
        throw new ClusterError('unsupported_feature', phrase('no_chat_template'), {
          hint: phrase('use_completions'),
        });
      refuseUnsupported(request);
      const offer = { tools: offeredTools(request), isForced: isForced(request) };
      const grammar = await (offer.isForced ? grammars.forToolCall(offer.tools) : grammars.forFormat(request));
      const { tokens, tools } = toChatPrompt({ template, toTokens: (text) => toTokens(text, true), contextSize }, request.messages, offer);
      const names = tools.map((tool) => tool.function.name);
      const generation = {
        request,
        prompts: [tokens],
        maxTokens: request.max_completion_tokens ?? request.max_tokens,
        topLogprobs: request.logprobs ? (request.top_logprobs ?? 0) : undefined,
        grammar,
        createToolCallReader: names.length > 0 ? () => createToolCallReader(names) : undefined,
        said: toSaid(request, names.length > 0),
        arrivedAt,
      };
      await generate(generationDeps, generation, exchange, answer);
    },

    async complete(request, exchange, answer) {
      const arrivedAt = clock.monotonic();
      const generationDeps = toDeps();
      refuseUnsupportedCompletion(request);
      const grammar = await grammars.forFormat(request);
      const prompts = request.prompt.map((prompt) => toTokens(prompt, !request.raw));
      if (request.echo) {
        const detokenize = vocabulary.detokenizer({ showsSpecial: false });
        for (const [i, prompt] of request.prompt.entries())
          for (let n = 0; n < (request.n ?? 1); n++)
            answer.text(i * (request.n ?? 1) + n, typeof prompt === 'string' ? prompt : detokenize(prompt, []));
      }
      const generation = {
        request,
        prompts,
        maxTokens: request.max_tokens,
        topLogprobs: request.logprobs,
        grammar,
        createToolCallReader: undefined,
        said: toSaid(request, false),
        arrivedAt,
      };
      await generate(generationDeps, generation, exchange, answer);
    },

    embed: (request, exchange) => embedder.embed(request, exchange.signal),
  };
}
