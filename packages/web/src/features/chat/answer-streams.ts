import { type ClusterClient, ClusterError } from '@cluster-ai/client';
import { type ChatDetails, type ChatMessage, type ChatStreamEvent, type ChatTurn, phrase } from '@cluster-ai/contracts';
import type { QueryClient } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';
import { applyToAnswer, beginAnswer, type LiveAnswer } from './live-answer.ts';
import { upsertMessage } from './message-tree.ts';

/** Text is shown at most this often: faster than an eye reads, slower than a model can write. */
const SHOW_EVERY_MS = 50;
const ATTACH_PAUSES_MS = [500, 1000, 2000, 4000];

export interface AnswerStreamsOptions {
  readonly cluster: Pick<ClusterClient, 'takeTurn' | 'attachToChat' | 'stopChat'>;
  readonly queryClient: QueryClient;
  readonly now?: () => number;
}

const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The answers that are being written, by chat. They outlive the page that asked for them, so that one can look elsewhere meanwhile. */
export function createAnswerStreams({ cluster, queryClient, now = Date.now }: AnswerStreamsOptions) {
  const running = new Map<string, LiveAnswer>();
  const listeners = new Map<string, Set<() => void>>();
  const scheduled = new Set<string>();

  const tell = (chatId: string) => {
    scheduled.delete(chatId);
    for (const listener of listeners.get(chatId) ?? []) listener();
  };

  function tellSoon(chatId: string): void {
    if (scheduled.has(chatId)) return;
    scheduled.add(chatId);
    setTimeout(() => tell(chatId), SHOW_EVERY_MS);
  }

  /** Puts messages into the chat as the query cache has it, and shows the branch that ends with the last of them. */
  function storeMessages(chatId: string, messages: readonly ChatMessage[], isGenerating: boolean): void {
    queryClient.setQueryData<ChatDetails>(['chat', chatId], (chat) => {
      if (!chat) return undefined;
      const merged = messages.reduce<readonly ChatMessage[]>(upsertMessage, chat.messages);
      return { ...chat, messages: [...merged], headId: messages.at(-1)?.id ?? chat.headId, isGenerating };
    });
  }

  /** The server streams the answer only: the question is what was sent, under the id that the answer names as its parent. */
  function toStored(message: ChatMessage, turn: ChatTurn | undefined): readonly ChatMessage[] {
    if (turn?.content === undefined || message.parentId === null) return [message];
    const question: ChatMessage = {
      id: message.parentId,
      parentId: turn.parentId,
      role: 'user',
      content: turn.content,
      createdAt: message.createdAt,
      isComplete: true,
      answer: null,
    };
    return [question, message];
  }

  function take(chatId: string, event: ChatStreamEvent): void {
    const answer = running.get(chatId);
    if (!answer) return;
    const next = applyToAnswer(answer, event, now());
    running.set(chatId, next);
    if (event.type === 'message') storeMessages(chatId, toStored(event.message, answer.turn), true);
    if (event.type === 'done') storeMessages(chatId, [event.message], false);
    if (event.type === 'delta') tellSoon(chatId);
    else tell(chatId);
  }

  /** Follows a stream to its end. Throws when the connection ended before the answer did. */
  async function follow(chatId: string, events: AsyncIterable<ChatStreamEvent>, onAccepted: () => void = () => undefined): Promise<void> {
    for await (const event of events) {
      take(chatId, event);
      onAccepted();
      if (event.type === 'done') return;
    }
    if (running.get(chatId)?.turn) throw new Error('The stream of the answer ended before the answer.');
  }

  /** The connection broke, the answer goes on at the server: take it up again. */
  async function resume(chatId: string): Promise<void> {
    for (const pauseMs of ATTACH_PAUSES_MS) {
      await wait(pauseMs);
      const isFollowed = await follow(chatId, cluster.attachToChat(chatId)).then(
        () => true,
        () => false, // the next pause is longer; after the last one the chat is fetched again as soon as the cluster is back
      );
      if (isFollowed) return;
    }
  }

  function end(chatId: string): void {
    running.delete(chatId);
    void queryClient.invalidateQueries({ queryKey: ['chat', chatId] });
    void queryClient.invalidateQueries({ queryKey: ['chats'] });
    tell(chatId);
  }

  async function ask(chatId: string, turn: ChatTurn): Promise<void> {
    if (running.has(chatId)) throw new ClusterError('conflict', phrase('chat_is_busy'));
    running.set(chatId, beginAnswer(turn, now()));
    tell(chatId);
    const accepted = Promise.withResolvers<void>();
    follow(chatId, cluster.takeTurn(chatId, turn), accepted.resolve)
      .catch(async (error: unknown) => {
        if (running.get(chatId)?.message !== undefined) return resume(chatId);
        accepted.reject(error);
      })
      .finally(() => {
        end(chatId);
        accepted.resolve();
      });
    return accepted.promise;
  }

  async function attach(chatId: string): Promise<void> {
    if (running.has(chatId)) return;
    running.set(chatId, beginAnswer(undefined, now()));
    tell(chatId);
    await follow(chatId, cluster.attachToChat(chatId))
      .catch(() => resume(chatId))
      .finally(() => end(chatId));
  }

  return {
    /** Has a message answered. Resolves when the server has taken it, rejects with what it said when it refused. */
    ask,
    /** Watches an answer that is already under way, until it ends. */
    attach,
    stop: (chatId: string) => cluster.stopChat(chatId),
    get: (chatId: string) => running.get(chatId),
    subscribe(chatId: string, listener: () => void): () => void {
      const ours = listeners.get(chatId) ?? new Set();
      listeners.set(chatId, ours.add(listener));
      return () => void ours.delete(listener);
    },
  };
}
export type AnswerStreams = ReturnType<typeof createAnswerStreams>;

/** The answer of a chat that is being written, where one is. */
export function useLiveAnswer(answers: AnswerStreams, chatId: string): LiveAnswer | undefined {
  const subscribe = useCallback((listener: () => void) => answers.subscribe(chatId, listener), [answers, chatId]);
  return useSyncExternalStore(subscribe, () => answers.get(chatId));
}
