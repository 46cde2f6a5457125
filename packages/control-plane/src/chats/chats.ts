import {
  type AnswerFacts,
  type Chat,
  type ChatDetails,
  type ChatMessage,
  type ChatStreamEvent,
  type ChatTurn,
  ClusterError,
  hintOf,
  isClusterError,
  messageOf,
  phrase,
  type Timings,
  toClusterError,
  toSaid,
  type UpdateChatInput,
} from '@cluster-ai/contracts';
import { type Clock, type Logger, newId } from '@cluster-ai/runtime';
import type { Caller } from '../access/caller.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { readCompletion } from '../gateway/read-completion.ts';
import type { EventBus } from '../observability/event-bus.ts';
import type { ChatStore } from './chat-store.ts';
import { type DialogueMessage, shortenDialogue, toDialogue, toTitle } from './dialogue.ts';

interface ChatsDependencies {
  readonly store: ChatStore;
  readonly gateway: Gateway;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An answer that is being generated. It belongs to the chat, not to the connection that asked for it. */
interface RunningAnswer {
  message: ChatMessage;
  waiting: ChatStreamEvent | undefined;
  readonly stop: AbortController;
  /** Who asked: decides which models may be used, and is charged. Absent for the cluster itself. */
  readonly caller: Caller | undefined;
  readonly listeners: Set<(event: ChatStreamEvent) => void>;
}

const noFacts = (model: string): AnswerFacts => ({
  model,
  node: null,
  firstTokenMs: null,
  tokensPerSecond: null,
  promptTokens: null,
  completionTokens: null,
  finishReason: null,
  error: null,
});

const toAnswerError = ({ code, message, hint = '', said }: ClusterError): NonNullable<AnswerFacts['error']> => ({
  code,
  message,
  hint,
  said,
});

const toTokensPerSecond = (timings: Timings | undefined): number | null =>
  timings && timings.predicted_ms > 0 ? Math.round((timings.predicted_n / timings.predicted_ms) * 10_000) / 10 : null;

/** Conversations of the chat page: kept on the server, answered by the gateway, watched by any number of browsers. */
export function createChats({ store, gateway, events, clock, log }: ChatsDependencies) {
  const running = new Map<string, RunningAnswer>();
  const withRunning = <T extends Omit<Chat, 'isGenerating'>>(chat: T) => ({ ...chat, isGenerating: running.has(chat.id) });
  const tell = (answer: RunningAnswer, event: ChatStreamEvent) => {
    for (const listener of answer.listeners) listener(event);
  };
  /** Whose chat it is may change while an answer runs: it is asked each time. */
  async function publishChange(chatId: string): Promise<void> {
    const ownerId = await store
      .findOwner(chatId)
      .catch((error: unknown) => void log.warn({ chatId, err: error }, 'A change of a chat could not be told'));
    if (ownerId !== undefined) events.publish({ type: 'chat.changed', chatId }, ownerId);
  }

  function change(answer: RunningAnswer, facts: Partial<AnswerFacts>, content = answer.message.content): void {
    answer.message = { ...answer.message, content, answer: { ...(answer.message.answer ?? noFacts('')), ...facts } };
  }

  async function generate(answer: RunningAnswer, dialogue: readonly DialogueMessage[], turn: ChatTurn, model: string): Promise<void> {
    const startedAt = clock.monotonic();
    const { system: _system, ...options } = turn.options ?? {};
    const body = { model, messages: dialogue, stream: true, stream_options: { include_usage: true }, timings: true, ...options };
    const completion = await gateway.serve({
      path: '/v1/chat/completions',
      model,
      body: Buffer.from(JSON.stringify(body)),
      requestId: newId('req', clock.now()),
      caller: answer.caller,
      signal: answer.stop.signal,
      onWaiting: (condition) => {
        const { reason, message } = condition;
        answer.waiting = { type: 'waiting', reason, message, said: toSaid(messageOf(condition), hintOf(condition)) };
        tell(answer, answer.waiting);
      },
    });
    change(answer, { node: completion.node.name });
    for await (const part of readCompletion(completion.body)) {
      if (part.type === 'text') {
        if (answer.message.content === '') change(answer, { firstTokenMs: Math.round(clock.monotonic() - startedAt) });
        answer.waiting = undefined;
        change(answer, {}, answer.message.content + part.text);
        tell(answer, { type: 'delta', messageId: answer.message.id, text: part.text });
      } else if (part.type === 'finish') change(answer, { finishReason: part.reason });
      else
        change(answer, {
          promptTokens: part.promptTokens,
          completionTokens: part.completionTokens,
          tokensPerSecond: toTokensPerSecond(part.timings),
        });
    }
    change(answer, { node: completion.node.name }); // another one, when the first was lost meanwhile
  }

  /** A chat longer than the model's context goes on without its oldest turns. */
  async function generateWithinContext(
    answer: RunningAnswer,
    dialogue: readonly DialogueMessage[],
    turn: ChatTurn,
    model: string,
  ): Promise<void> {
    try {
      await generate(answer, dialogue, turn, model);
    } catch (error) {
      const shorter =
        isClusterError(error) && error.code === 'context_length_exceeded' && answer.message.content === ''
          ? shortenDialogue(dialogue)
          : undefined;
      if (shorter === undefined) throw error;
      await generateWithinContext(answer, shorter, turn, model);
    }
  }

  async function run(
    chatId: string,
    answer: RunningAnswer,
    dialogue: readonly DialogueMessage[],
    turn: ChatTurn,
    model: string,
  ): Promise<void> {
    try {
      await generateWithinContext(answer, dialogue, turn, model);
    } catch (thrown) {
      if (answer.stop.signal.aborted) change(answer, { finishReason: 'stopped' });
      else {
        const error = toClusterError(thrown);
        if (error.code === 'internal') log.error({ chatId, err: thrown }, 'An answer of a chat failed on our side');
        change(answer, { finishReason: 'error', error: toAnswerError(error) });
      }
    }
    answer.message = { ...answer.message, isComplete: true };
    try {
      await store.finish(answer.message);
    } catch (error) {
      log.error({ chatId, err: error }, 'An answer of a chat could not be stored');
    }
    running.delete(chatId);
    tell(answer, { type: 'done', message: answer.message });
    answer.listeners.clear();
    await publishChange(chatId);
  }

  async function describe(id: string): Promise<ChatDetails> {
    const chat = await store.get(id);
    const live = running.get(id)?.message;
    return { ...withRunning(chat), messages: chat.messages.map((message) => (message.id === live?.id ? live : message)) };
  }

  return {
    async list(query: { ownerId: string; cursor: string | undefined; search: string | undefined }) {
      const page = await store.list(query);
      return { ...page, chats: page.chats.map(withRunning) };
    },
    get: describe,
    checkOwner: store.checkOwner,

    async create({
      options = {},
      ...request
    }: { ownerId: string } & Pick<Chat, 'title' | 'model'> & Partial<Pick<Chat, 'options'>>): Promise<Chat> {
      const chat = await store.create({ ...request, options });
      events.publish({ type: 'chat.changed', chatId: chat.id }, request.ownerId);
      return withRunning(chat);
    },

    async update(id: string, changes: UpdateChatInput): Promise<ChatDetails> {
      await store.update(id, changes);
      await publishChange(id);
      return describe(id);
    },

    async remove(id: string): Promise<void> {
      running.get(id)?.stop.abort();
      const { ownerId } = await store.remove(id);
      events.publish({ type: 'chat.removed', chatId: id }, ownerId);
    },

    /** Stores the message and begins the answer, in the caller's name. Throws `conflict` while the chat is being answered. */
    async begin(chatId: string, asked: ChatTurn, caller?: Caller): Promise<void> {
      if (running.has(chatId)) throw new ClusterError('conflict', phrase('chat_is_busy'), { hint: phrase('wait_or_stop') });
      const answer: RunningAnswer = {
        message: { id: '', parentId: null, role: 'assistant', content: '', createdAt: '', isComplete: false, answer: null },
        waiting: undefined,
        stop: new AbortController(),
        caller,
        listeners: new Set(),
      };
      running.set(chatId, answer); // before the first wait, so that two turns cannot both begin
      try {
        const chat = await store.get(chatId);
        if (!chat.isReadable) throw new ClusterError('secret_unreadable', phrase('chat_unreadable'));
        const turn = { ...asked, options: { ...chat.options, ...asked.options } };
        const model = turn.model ?? chat.model;
        const dialogue = toDialogue(chat.messages, turn);
        const isFirst = chat.messages.length === 0 && turn.content !== undefined;
        const blank = { chatId, role: 'assistant', content: '', isComplete: false, answer: noFacts(model) } as const;
        const stored =
          turn.content === undefined
            ? await store.append(chatId, [{ ...blank, parentId: turn.parentId }])
            : await store.append(
                chatId,
                [
                  { chatId, parentId: turn.parentId, role: 'user', content: turn.content, isComplete: true, answer: null },
                  { ...blank, parentId: null },
                ],
                isFirst && chat.title === '' ? toTitle(turn.content) : undefined,
              );
        const message = stored.at(-1);
        if (!message) throw new ClusterError('internal', 'The answer was not stored.');
        answer.message = message;
        await publishChange(chatId);
        void run(chatId, answer, dialogue, turn, model);
      } catch (error) {
        running.delete(chatId);
        throw error;
      }
    },

    /** The running answer: first the message as far as it is, then what comes. Ends with `done`; at once when nothing runs. */
    async watch(chatId: string, listener: (event: ChatStreamEvent) => void): Promise<() => void> {
      const answer = running.get(chatId);
      if (!answer) {
        const chat = await store.get(chatId);
        const message = chat.messages.find(({ id }) => id === chat.headId);
        if (message) listener({ type: 'done', message });
        return () => {};
      }
      listener({ type: 'message', message: answer.message });
      if (answer.waiting) listener(answer.waiting);
      answer.listeners.add(listener);
      return () => void answer.listeners.delete(listener);
    },

    isGenerating: (chatId: string) => running.has(chatId),

    /** Ends the running answer; what there is of it stays. Nothing when none runs. */
    stop(chatId: string): void {
      running.get(chatId)?.stop.abort();
    },

    /** Closes what a killed control plane left half-written. Called once at start. */
    async recover(): Promise<void> {
      await store.closeUnfinished((message) => ({
        ...(message.answer ?? noFacts('')),
        finishReason: 'error',
        error: toAnswerError(new ClusterError('shutting_down', phrase('restarted_during_answer'), { hint: phrase('ask_again') })),
      }));
    },

    /** Ends all answers and waits until they are stored. */
    async close(): Promise<void> {
      for (const answer of running.values()) answer.stop.abort();
      while (running.size > 0) await clock.sleep(10);
    },
  };
}
export type Chats = ReturnType<typeof createChats>;
