import { ClusterError, continuationShape, type ErrorCode } from '@cluster-ai/contracts';
import { z } from 'zod';

/** Clients send null for "not set"; inside there is only undefined. */
const wish = <Shape extends z.ZodType>(shape: Shape) => shape.nullish().transform((value) => value ?? undefined);

const textPartShape = z.object({ type: z.enum(['text', 'input_text', 'output_text']), text: z.string() });
const otherPartShape = z.object({ type: z.string() }).transform(({ type }, context) => {
  const message = `This engine reads text only, not a content part of type "${type}".`;
  context.addIssue({ code: 'custom', message, params: { code: 'unsupported_feature' } });
  return z.NEVER;
});
const contentShape = z
  .union([z.string(), z.array(z.union([textPartShape, otherPartShape]))])
  .transform((content) => (typeof content === 'string' ? content : content.map((part) => part.text).join('')));

const toolCallShape = z.object({
  id: wish(z.string()),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
export type ToolCall = z.output<typeof toolCallShape>;

const messageShape = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: wish(contentShape),
  name: wish(z.string()),
  tool_calls: wish(z.array(toolCallShape)),
  tool_call_id: wish(z.string()),
});
export type ChatMessage = z.output<typeof messageShape>;

const toolShape = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().regex(/^[\w.-]{1,64}$/, 'A tool is named with 1 to 64 letters, digits, "_", "-" or ".".'),
    description: wish(z.string()),
    parameters: wish(z.record(z.string(), z.unknown())),
    strict: wish(z.boolean()),
  }),
});
export type Tool = z.output<typeof toolShape>;

const toolChoiceShape = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);
export type ToolChoice = z.output<typeof toolChoiceShape>;

const responseFormatShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: wish(z.string()), schema: wish(z.record(z.string(), z.unknown())), strict: wish(z.boolean()) }),
  }),
]);
export type ResponseFormat = z.output<typeof responseFormatShape>;

const stopShape = z
  .union([z.string(), z.array(z.string()).max(16)])
  .transform((stop) => (typeof stop === 'string' ? [stop] : stop).filter((text) => text !== ''));

const generationFields = {
  model: wish(z.string()),
  stream: wish(z.boolean()),
  stream_options: wish(z.object({ include_usage: wish(z.boolean()) })),
  n: wish(z.int().min(1).max(16)),
  max_tokens: wish(z.int().min(0)),
  stop: wish(stopShape),
  seed: wish(z.int()),
  temperature: wish(z.number().min(0).max(10)),
  top_p: wish(z.number().min(0).max(1)),
  top_k: wish(z.int().min(-1)),
  min_p: wish(z.number().min(0).max(1)),
  typical_p: wish(z.number().min(0).max(1)),
  repeat_penalty: wish(z.number().min(0).max(10)),
  repeat_last_n: wish(z.int().min(-1)),
  frequency_penalty: wish(z.number().min(-2).max(2)),
  presence_penalty: wish(z.number().min(-2).max(2)),
  logit_bias: wish(z.record(z.string().regex(/^\d+$/, 'The keys of logit_bias are token numbers.'), z.number().min(-100).max(100))),
  grammar: wish(z.string().max(64 * 1024)),
  cache_prompt: wish(z.boolean()),
  timings: wish(z.boolean()),
  continuation: wish(continuationShape),
};

const chatShape = z.object({
  ...generationFields,
  messages: z.array(messageShape).min(1),
  max_completion_tokens: wish(z.int().min(0)),
  tools: wish(z.array(toolShape).max(128)),
  tool_choice: wish(toolChoiceShape),
  parallel_tool_calls: wish(z.boolean()),
  response_format: wish(responseFormatShape),
  logprobs: wish(z.boolean()),
  top_logprobs: wish(z.int().min(0).max(20)),
});
/** `POST /v1/chat/completions`, checked; null is gone, `stop` is a list, contents are plain text. */
export type ChatRequest = z.output<typeof chatShape>;

const tokenListShape = z.array(z.int().min(0)).min(1);
const promptShape = z
  .union([z.string(), tokenListShape, z.array(z.string()).min(1), z.array(tokenListShape).min(1)])
  .transform((prompt): readonly (string | readonly number[])[] =>
    typeof prompt === 'string' ? [prompt] : typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as (string | number[])[]),
  );

const completionShape = z.object({
  ...generationFields,
  prompt: promptShape,
  suffix: wish(z.string()),
  echo: wish(z.boolean()),
  best_of: wish(z.int().min(1).max(16)),
  logprobs: wish(z.int().min(0).max(20)),
  raw: wish(z.boolean()),
  response_format: wish(responseFormatShape),
});
/** `POST /v1/completions`, checked; `prompt` is a list of texts or token lists. */
export type CompletionRequest = z.output<typeof completionShape>;

const embeddingShape = z.object({
  model: wish(z.string()),
  input: promptShape,
  encoding_format: wish(z.enum(['float', 'base64'])),
  dimensions: wish(z.int().min(1)),
  truncate: wish(z.boolean()),
});
/** `POST /v1/embeddings`, checked; `input` is a list of texts or token lists. */
export type EmbeddingRequest = z.output<typeof embeddingShape>;

/** The field in the way clients write it: `messages[0].content`. */
const toParam = (path: readonly PropertyKey[]) =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  );

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly params?: { readonly code?: ErrorCode };
  readonly errors?: readonly (readonly Issue[])[];
}

/** Of a failed union the branch that got furthest says best what is wrong. */
function deepestIssue(issue: Issue): Issue {
  const inner = (issue.errors ?? []).flatMap((branch) => branch.map(deepestIssue));
  const toRank = ({ code, path }: Issue) => (code === 'custom' ? 1000 : 0) + path.length;
  const furthest = inner.toSorted((a, b) => toRank(b) - toRank(a))[0];
  if (!furthest || (furthest.path.length === 0 && furthest.code !== 'custom')) return issue;
  return { ...furthest, path: [...issue.path, ...furthest.path] };
}

function parseWith<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  const issue = deepestIssue(result.error.issues[0] as Issue);
  const param = toParam(issue.path);
  throw new ClusterError(
    issue.params?.code ?? 'invalid_request',
    param === '' ? issue.message : `${param}: ${issue.message}`,
    param === '' ? {} : { param },
  );
}

/** An answer goes on where its events ended: there must have been events, and one answer. */
function checkContinuation<Request extends ChatRequest | CompletionRequest>(request: Request): Request {
  const answers = ('prompt' in request ? request.prompt.length : 1) * (request.n ?? 1);
  const isEchoed = 'echo' in request && request.echo === true;
  if (request.continuation === undefined || (request.stream === true && answers === 1 && !isEchoed)) return request;
  throw new ClusterError('invalid_request', 'Only a single answer that is streamed and not echoed can be continued.', {
    param: 'continuation',
  });
}

/** These throw ClusterError `invalid_request` (with the field's name as `param`) or `unsupported_feature`. */
export const parseChatRequest = (body: unknown): ChatRequest => checkContinuation(parseWith(chatShape, body));
export const parseCompletionRequest = (body: unknown): CompletionRequest => checkContinuation(parseWith(completionShape, body));
export const parseEmbeddingRequest = (body: unknown): EmbeddingRequest => parseWith(embeddingShape, body);

/** Throws ClusterError `invalid_json`. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ClusterError('invalid_json', 'The body is not valid JSON in UTF-8.', { cause });
  }
}
