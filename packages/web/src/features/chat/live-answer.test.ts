import type { ChatMessage, ChatStreamEvent } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { applyToAnswer, beginAnswer, type LiveAnswer, toLiveRate } from './live-answer.ts';

const message: ChatMessage = {
  id: 'a1',
  parentId: 'q1',
  role: 'assistant',
  content: '',
  createdAt: '2026-01-01T00:00:00.000Z',
  isComplete: false,
  answer: null,
};
const delta = (text: string, messageId = 'a1'): ChatStreamEvent => ({ type: 'delta', messageId, text });

/** Applies events, one each 100 ms from 1000 on. */
const after = (...events: ChatStreamEvent[]): LiveAnswer =>
  events.reduce((answer, event, index) => applyToAnswer(answer, event, 1000 + 100 * index), beginAnswer(undefined, 900));

describe('an answer that is being written', () => {
  test('grows with each piece, from what it was when one began to watch', () => {
    const answer = after({ type: 'message', message: { ...message, content: 'Hel' } }, delta('lo '), delta('you'));
    expect(answer.message?.content).toBe('Hello you');
    expect(answer.firstTextAt).toBe(1100);
  });

  test('says why it waits until the first piece comes', () => {
    const waiting: ChatStreamEvent = { type: 'waiting', reason: 'loading_model', message: 'Loading.' };
    expect(after({ type: 'message', message }, waiting).waiting).toEqual({ reason: 'loading_model', message: 'Loading.' });
    expect(after({ type: 'message', message }, waiting, delta('x')).waiting).toBeUndefined();
  });

  test('takes no pieces of another message', () => {
    expect(after({ type: 'message', message }, delta('x', 'other')).message?.content).toBe('');
  });

  test('ends as it was stored', () => {
    const stored = { ...message, content: 'As stored.', isComplete: true };
    const answer = after({ type: 'message', message }, delta('As st'), { type: 'done', message: stored });
    expect(answer).toMatchObject({ isDone: true, message: stored, waiting: undefined });
  });

  test('has a rate once there is enough to tell', () => {
    const first = after({ type: 'message', message }, delta('a'));
    expect(toLiveRate(first, 5000)).toBeUndefined();
    const more = after({ type: 'message', message }, ...Array.from({ length: 11 }, () => delta('a')));
    expect(toLiveRate(more, 2100)).toBe(10);
  });
});
