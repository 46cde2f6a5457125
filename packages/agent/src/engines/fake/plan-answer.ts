import { ClusterError, type Continuation } from '@cluster-ai/contracts';
import type { FakeModel } from '@cluster-ai/formats';
import type { ChatRequest, CompletionRequest, FinishReason, ToolCallDelta } from '../openai-dialect/index.ts';

/** One step of an answer: each counts as a token. */
export type AnswerPiece = { readonly text: string } | { readonly toolCall: ToolCallDelta };

/** An answer, known before it is said. Its pieces are made one at a time: load tests run many answers of many thousand tokens. */
export interface PlannedAnswer {
  readonly count: number;
  /** How many of its pieces were said elsewhere already. */
  readonly saidCount: number;
  pieceAt(index: number): AnswerPiece;
  readonly finishReason: FinishReason;
}

type Script = Pick<FakeModel, 'text' | 'answers' | 'answerTokens'>;
type ScriptedAnswer = FakeModel['answers'][number];
type ScriptedCall = NonNullable<ScriptedAnswer['toolCalls']>[number];

/** Words with the space before them stand for tokens. */
export const toTokens = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? [];

function findAnswer(script: Script, prompt: string, isAllowed: (answer: ScriptedAnswer) => boolean): ScriptedAnswer | undefined {
  return script.answers.find((answer) => prompt.includes(answer.match) && isAllowed(answer));
}

/** One token of a text that is repeated without end. */
function repeatedToken(tokens: readonly string[], index: number): string {
  const token = tokens[index % tokens.length] ?? '';
  const isNewRound = index > 0 && index % tokens.length === 0;
  return isNewRound && !/^\s/.test(token) ? ` ${token}` : token;
}

function cutAtStop(text: string, stops: readonly string[]): string {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? text : text.slice(0, Math.min(...places));
}

interface Limits {
  readonly stop?: readonly string[] | undefined;
  readonly maxTokens: number | undefined;
  readonly continuation: Continuation | undefined;
}

/** How many tokens of an answer make up a text that was said already. Throws where the answer does not begin so. */
function countSaid({ count, tokenAt }: { readonly count: number; tokenAt(index: number): string }, said = ''): number {
  let index = 0;
  let at = 0;
  for (; at < said.length && index < count && said.startsWith(tokenAt(index), at); index++) at += tokenAt(index).length;
  if (at < said.length) throw cannot('answer that begins so', 'continuation');
  return index;
}

/** A text of a set length is repeated or cut to it. */
function planText(script: Script, text: string, { stop = [], maxTokens = Number.POSITIVE_INFINITY, continuation }: Limits): PlannedAnswer {
  const tokens = toTokens(text);
  const length = tokens.length === 0 ? 0 : (script.answerTokens ?? tokens.length);
  const whole = () => Array.from({ length }, (_, index) => repeatedToken(tokens, index)).join('');
  const said = stop.length === 0 ? undefined : toTokens(cutAtStop(whole(), stop));
  const wanted = said?.length ?? length;
  const count = Math.min(wanted, maxTokens);
  const tokenAt = (index: number) => said?.[index] ?? repeatedToken(tokens, index);
  return {
    count,
    saidCount: countSaid({ count, tokenAt }, continuation?.text),
    pieceAt: (index) => ({ text: tokenAt(index) }),
    finishReason: wanted > maxTokens ? 'length' : 'stop',
  };
}

function planCalls(calls: readonly ScriptedCall[], continuation: Continuation | undefined): PlannedAnswer {
  const pieces = calls.flatMap(({ name, arguments: values }, index): AnswerPiece[] => [
    { toolCall: { index, id: `call_${index}_${name}`, name, arguments: '' } },
    ...toTokens(JSON.stringify(values)).map((text) => ({ toolCall: { index, arguments: text } })),
  ]);
  const saidCount = countSaid({ count: 0, tokenAt: () => '' }, continuation?.text);
  return { count: pieces.length, saidCount, pieceAt: (index) => pieces[index] ?? { text: '' }, finishReason: 'tool_calls' };
}

/** The names that the request allows to be called; `undefined`: it forbids calls. */
function findCallable({ tools = [], tool_choice: choice = 'auto' }: ChatRequest): ReadonlySet<string> | undefined {
  if (choice === 'none' || tools.length === 0) return undefined;
  return new Set(typeof choice === 'object' ? [choice.function.name] : tools.map((tool) => tool.function.name));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const cannot = (what: string, param: string) =>
  new ClusterError('unsupported_feature', `The fake engine only repeats its script, and the script has no ${what}.`, { param });

/** What the script answers to a chat. Throws `unsupported_feature` where the request demands what the script does not hold. */
export function planChat(script: Script, request: ChatRequest): PlannedAnswer {
  const prompt = request.messages.at(-1)?.content ?? '';
  const callable = findCallable(request);
  const mustCall = request.tool_choice === 'required' || typeof request.tool_choice === 'object';
  const canSay = ({ toolCalls }: ScriptedAnswer) =>
    toolCalls === undefined ? !mustCall : toolCalls.every((call) => callable?.has(call.name) ?? false);
  const answer = findAnswer(script, prompt, canSay);
  if (answer?.toolCalls) return planCalls(answer.toolCalls, request.continuation);
  if (mustCall) throw cannot('call of such a tool', 'tool_choice');
  const text = answer?.text ?? script.text;
  const wantsJson = (request.response_format?.type ?? 'text') !== 'text';
  if (wantsJson && !isJson(text)) throw cannot('JSON for this prompt', 'response_format');
  const { stop, continuation } = request;
  return planText(script, text, { stop, maxTokens: request.max_completion_tokens ?? request.max_tokens, continuation });
}

/** What the script answers to each prompt of a completion. */
export function planCompletion(script: Script, request: CompletionRequest): PlannedAnswer[] {
  return request.prompt.map((prompt) => {
    const answer = findAnswer(script, typeof prompt === 'string' ? prompt : '', ({ toolCalls }) => toolCalls === undefined);
    const { stop, max_tokens: maxTokens, continuation } = request;
    return planText(script, answer?.text ?? script.text, { stop, maxTokens, continuation });
  });
}
