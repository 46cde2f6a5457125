import type { Continuation } from '@cluster-ai/contracts';
import type { InferenceCall } from './gateway.ts';

/** How an answer that broke off can go on elsewhere. */
export type ContinuationPlan =
  /** Nothing was said yet: the request is sent as it is. */
  | { readonly type: 'begin-anew' }
  /** The request, with what was said. */
  | { readonly type: 'continue'; readonly body: Uint8Array }
  /** Everything was said, and only the end mark is missing. */
  | { readonly type: 'complete' }
  /** `why` completes the sentence "It could not be continued: …". */
  | { readonly type: 'give-up'; readonly why: string };

interface Chunk {
  readonly created?: number;
  readonly choices?: readonly {
    readonly delta?: Readonly<Record<string, unknown>>;
    readonly text?: string;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: object | null;
  readonly timings?: object | null;
}

/** The fields of a request that decide whether its answer can be continued. */
interface Request {
  readonly prompt?: unknown;
  readonly n?: number | null;
  readonly best_of?: number | null;
  readonly echo?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean | null } | null;
  readonly timings?: boolean | null;
  readonly continuation?: unknown;
}

interface Said {
  readonly text: string;
  readonly created: number;
  readonly isFinished: boolean;
  readonly hasNumbers: boolean;
  /** What it holds beside text; undefined: nothing. */
  readonly other: string | undefined;
}

const giveUp = (why: string): ContinuationPlan => ({ type: 'give-up', why });

const readChunks = (events: string): Chunk[] =>
  events
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice('data:'.length)) as Chunk);

function findOther(delta: Readonly<Record<string, unknown>>): string | undefined {
  if (delta['tool_calls']) return 'it had begun to call a tool';
  const isText = ([key, value]: [string, unknown]) => key === 'role' || key === 'content' || value === null || value === undefined;
  return Object.entries(delta).every(isText) ? undefined : 'it holds more than text';
}

function toSaid(chunks: readonly Chunk[]): Said {
  const choices = chunks.flatMap(({ choices: [choice] = [] }) => choice ?? []);
  const toText = ({ delta, text }: (typeof choices)[number]) => (typeof delta?.['content'] === 'string' ? delta['content'] : (text ?? ''));
  return {
    text: choices.map(toText).join(''),
    created: chunks[0]?.created ?? 0,
    isFinished: choices.some(({ finish_reason }) => typeof finish_reason === 'string'),
    hasNumbers: chunks.some(({ usage, timings }) => usage || timings),
    other: choices.map(({ delta = {} }) => findOther(delta)).find((found) => found !== undefined),
  };
}

/** A list of texts, or of lists of tokens, is several prompts; a list of tokens is one. */
const isSeveral = (prompt: unknown) => Array.isArray(prompt) && typeof prompt[0] !== 'number' && prompt.length > 1;

function findHindrance({ n, best_of, prompt, echo, continuation }: Request): string | undefined {
  if ((n ?? 1) > 1 || (best_of ?? 1) > 1 || isSeveral(prompt)) return 'it has several choices';
  if (echo) return 'it begins with its prompt';
  return continuation === undefined ? undefined : 'it continues another one already';
}

/** An answer whose words and reason to end were all told. The count of its tokens comes after them, where it was asked for. */
function planEnd({ hasNumbers }: Said, { stream_options, timings }: Request): ContinuationPlan {
  const wantsNumbers = stream_options?.include_usage === true || timings === true;
  return hasNumbers || !wantsNumbers ? { type: 'complete' } : giveUp('only the count of its tokens was still to come');
}

function planWith(request: Request, said: Said, generationMs: number): ContinuationPlan {
  if (said.isFinished) return planEnd(said, request);
  const hindrance = said.other ?? findHindrance(request);
  if (hindrance !== undefined) return giveUp(hindrance);
  const continuation: Continuation = { text: said.text, created: said.created, generationMs };
  return { type: 'continue', body: Buffer.from(JSON.stringify({ ...request, continuation })) };
}

/**
 * Reads what the caller has of a streamed answer and what it asked for, and says how another replica goes on from there. Pure. `events` are whole;
 * `undefined` where they were too many to be kept.
 */
export function planContinuation(
  { path, body }: Pick<InferenceCall, 'path' | 'body'>,
  events: string | undefined,
  generationMs: number,
): ContinuationPlan {
  if (path === '/v1/embeddings') return giveUp('it is no text');
  if (events === undefined) return giveUp('it is too long');
  try {
    const chunks = readChunks(events);
    if (chunks.length === 0) return { type: 'begin-anew' };
    return planWith(JSON.parse(Buffer.from(body).toString('utf8')) as Request, toSaid(chunks), generationMs);
  } catch {
    return giveUp('what was said of it cannot be read');
  }
}
