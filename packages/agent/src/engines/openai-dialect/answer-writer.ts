import type { ServerResponse } from 'node:http';
import { type Continuation, type InferenceUsage, inferenceHeaders, toWireError } from '@cluster-ai/contracts';
import {
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
  toCompletionLogprobs,
  toErrorEvent,
  toToolCallDelta,
  toUsageChunk,
} from './answers.ts';
import { sendError } from './send-error.ts';
import { doneEvent, keepAliveComment, toEvent } from './server-sent-events.ts';

export interface AnswerOptions {
  readonly kind: 'chat' | 'completion';
  readonly head: AnswerHead;
  readonly choices: number;
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
  readonly wantsTimings: boolean;
  readonly wantsLogprobs: boolean;
  /** Of the only choice: its beginning was streamed elsewhere. */
  readonly continuation: Continuation | undefined;
}

/** Takes an answer piece by piece and renders it, streamed or whole. Never throws and never waits; look at `pendingBytes` to see a slow reader. */
export interface AnswerWriter {
  /** Bytes that were handed over and not yet taken by the reader. */
  readonly pendingBytes: number;
  text(choice: number, text: string, logprobs?: readonly TokenLogprob[]): void;
  toolCall(choice: number, call: ToolCallDelta): void;
  finish(choice: number, reason: FinishReason): void;
  /** A sign of life while nothing is said yet. */
  keepAlive(): void;
  end(usage: InferenceUsage): void;
  /** Before the first byte an HTTP error, afterwards an error event. */
  fail(error: unknown): void;
}

/** Writes once per turn of the event loop, whatever was said in it: fewer system calls, and none between two decodes. */
function createBufferedOutput(response: ServerResponse) {
  let waiting = '';
  let isScheduled = false;
  const flush = () => {
    isScheduled = false;
    if (waiting !== '' && !response.destroyed) response.write(waiting);
    waiting = '';
  };
  return {
    get pendingBytes() {
      return waiting.length + response.writableLength;
    },
    write(text: string) {
      waiting += text;
      if (!isScheduled) setImmediate(flush);
      isScheduled = true;
    },
    end(usage?: InferenceUsage) {
      flush();
      if (usage) response.addTrailers({ [inferenceHeaders.usage]: JSON.stringify(usage) });
      response.end();
    },
  };
}

function openStream(response: ServerResponse, isContinued: boolean) {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    trailer: inferenceHeaders.usage,
    ...(isContinued ? { [inferenceHeaders.continues]: '1' } : {}),
  });
}

function createStreamWriter(response: ServerResponse, options: AnswerOptions): AnswerWriter {
  const { kind, head, wantsUsage, wantsTimings, continuation } = options;
  const output = createBufferedOutput(response);
  const started = new Set<number>(continuation ? [0] : []);
  const offsets = new Map<number, number>(continuation ? [[0, continuation.text.length]] : []);
  const open = () => {
    if (!response.headersSent) openStream(response, continuation !== undefined);
  };
  const say = (data: unknown) => {
    open();
    output.write(toEvent(data));
  };
  const sayDelta = (choice: number, delta: ChatDelta, reason: FinishReason | null, logprobs?: readonly TokenLogprob[]) => {
    const isFirst = !started.has(choice);
    if (isFirst) started.add(choice);
    say(toChatChunk(head, choice, isFirst ? { role: 'assistant', content: '', ...delta } : delta, reason, logprobs));
  };
  const sayText = (choice: number, text: string, reason: FinishReason | null, logprobs?: readonly TokenLogprob[]) => {
    const offset = offsets.get(choice) ?? 0;
    offsets.set(choice, offset + text.length);
    say(toCompletionChunk(head, choice, text, reason, logprobs && toCompletionLogprobs(logprobs, offset)));
  };
  return {
    get pendingBytes() {
      return output.pendingBytes;
    },
    text: (choice, text, logprobs) =>
      kind === 'chat' ? sayDelta(choice, { content: text }, null, logprobs) : sayText(choice, text, null, logprobs),
    toolCall: (choice, call) => sayDelta(choice, { tool_calls: [toToolCallDelta(call)] }, null),
    finish: (choice, reason) => (kind === 'chat' ? sayDelta(choice, {}, reason) : sayText(choice, '', reason)),
    keepAlive() {
      open();
      output.write(keepAliveComment);
    },
    end(usage) {
      open();
      if (wantsUsage || wantsTimings) say(toUsageChunk(kind, head, usage, { usage: wantsUsage, timings: wantsTimings }));
      output.write(doneEvent);
      output.end(usage);
    },
    fail(error) {
      if (!response.headersSent) return sendError(response, error);
      output.write(toEvent(toErrorEvent(toWireError(error))));
      output.end();
    },
  };
}

function createWholeWriter(response: ServerResponse, options: AnswerOptions): AnswerWriter {
  const { kind, head, wantsLogprobs, wantsTimings } = options;
  const choices: CollectedChoice[] = Array.from({ length: options.choices }, () => ({
    text: '',
    toolCalls: [],
    logprobs: [],
    finishReason: 'stop',
  }));
  const choiceAt = (index: number) => choices[index] as CollectedChoice;
  return {
    pendingBytes: 0,
    text(choice, text, logprobs = []) {
      choiceAt(choice).text += text;
      choiceAt(choice).logprobs.push(...logprobs);
    },
    toolCall(choice, { index, id = '', name = '', arguments: text }) {
      const calls = choiceAt(choice).toolCalls;
      const call = calls[index];
      if (call) call.arguments += text;
      else calls[index] = { id, name, arguments: text };
    },
    finish(choice, reason) {
      choiceAt(choice).finishReason = reason;
    },
    keepAlive() {},
    end(usage) {
      const toAnswer = kind === 'chat' ? toChatAnswer : toCompletionAnswer;
      const answer = toAnswer(head, { choices, usage, hasLogprobs: wantsLogprobs, hasTimings: wantsTimings });
      response.writeHead(200, { 'content-type': 'application/json', trailer: inferenceHeaders.usage });
      response.write(JSON.stringify(answer));
      response.addTrailers({ [inferenceHeaders.usage]: JSON.stringify(usage) });
      response.end();
    },
    fail: (error) => sendError(response, error),
  };
}

export function createAnswerWriter(response: ServerResponse, options: AnswerOptions): AnswerWriter {
  return options.isStream ? createStreamWriter(response, options) : createWholeWriter(response, options);
}
