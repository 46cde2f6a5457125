import type { ChatMessage, ChatStreamEvent, ChatTurn } from '@cluster-ai/contracts';

/** An answer that is being written, as far as this page knows it. Times are epoch milliseconds. */
export interface LiveAnswer {
  /** What was asked for here; undefined where the page only watches. */
  readonly turn: ChatTurn | undefined;
  /** The answer so far; undefined until the server has stored it. */
  readonly message: ChatMessage | undefined;
  /** Why there is no text yet. */
  readonly waiting: Omit<Extract<ChatStreamEvent, { type: 'waiting' }>, 'type'> | undefined;
  readonly startedAt: number;
  readonly firstTextAt: number | undefined;
  /** Pieces of text since the first one; about one a token. */
  readonly pieces: number;
  readonly isDone: boolean;
}

export function beginAnswer(turn: ChatTurn | undefined, now: number): LiveAnswer {
  return { turn, message: undefined, waiting: undefined, startedAt: now, firstTextAt: undefined, pieces: 0, isDone: false };
}

/** The answer after one event of its stream. */
export function applyToAnswer(answer: LiveAnswer, event: ChatStreamEvent, now: number): LiveAnswer {
  switch (event.type) {
    case 'message':
      return { ...answer, message: event.message };
    case 'waiting':
      return { ...answer, waiting: { reason: event.reason, message: event.message, said: event.said } };
    case 'delta':
      return answer.message?.id === event.messageId ? appendText(answer, answer.message, event.text, now) : answer;
    case 'done':
      return { ...answer, message: event.message, waiting: undefined, isDone: true };
  }
}

function appendText(answer: LiveAnswer, message: ChatMessage, text: string, now: number): LiveAnswer {
  return {
    ...answer,
    message: { ...message, content: message.content + text },
    waiting: undefined,
    firstTextAt: answer.firstTextAt ?? now,
    pieces: answer.pieces + 1,
  };
}

/** Pieces per second since the first one; undefined until there are enough to say. */
export function toLiveRate({ firstTextAt, pieces }: LiveAnswer, now: number): number | undefined {
  if (firstTextAt === undefined || pieces < 5 || now - firstTextAt < 300) return undefined;
  return (pieces - 1) / ((now - firstTextAt) / 1000);
}
