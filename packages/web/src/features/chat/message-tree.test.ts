import type { ChatMessage } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { findNewestLeaf, toBranch, upsertMessage } from './message-tree.ts';

const message = (id: string, parentId: string | null, content = id): ChatMessage => ({
  id,
  parentId,
  role: id.startsWith('q') ? 'user' : 'assistant',
  content,
  createdAt: '2026-01-01T00:00:00.000Z',
  isComplete: true,
  answer: null,
});

// q1 ── a1 ── q2 ── a2
//  │     └─── q2e ── a3
//  └── a1b
const messages = [
  message('q1', null),
  message('a1', 'q1'),
  message('q2', 'a1'),
  message('a2', 'q2'),
  message('q2e', 'a1'),
  message('a3', 'q2e'),
  message('a1b', 'q1'),
];
const idsOf = (headId: string | null) => toBranch(messages, headId).map((step) => step.message.id);

describe('the branch of a chat', () => {
  test('is the way from the first message to the head', () => {
    expect(idsOf('a2')).toEqual(['q1', 'a1', 'q2', 'a2']);
    expect(idsOf('a3')).toEqual(['q1', 'a1', 'q2e', 'a3']);
    expect(idsOf('a1b')).toEqual(['q1', 'a1b']);
  });

  test('knows the other edits and the other answers', () => {
    expect(toBranch(messages, 'a3').map((step) => step.siblings)).toEqual([['q1'], ['a1', 'a1b'], ['q2', 'q2e'], ['a3']]);
  });

  test('first messages that were edited stand beside each other too', () => {
    const edited = [...messages, message('q0', null)];
    expect(toBranch(edited, 'q0')[0]?.siblings).toEqual(['q1', 'q0']);
  });

  test('is empty for a chat that is, and for a head that nobody knows', () => {
    expect(toBranch([], null)).toEqual([]);
    expect(idsOf(null)).toEqual([]);
    expect(idsOf('gone')).toEqual([]);
  });

  test('ends even where the messages bite their tail', () => {
    expect(toBranch([message('q1', 'a1'), message('a1', 'q1')], 'a1')).toHaveLength(2);
  });

  test('is taken up at its newest message', () => {
    expect(findNewestLeaf(messages, 'q2')).toBe('a2');
    expect(findNewestLeaf(messages, 'q2e')).toBe('a3');
    expect(findNewestLeaf(messages, 'a1')).toBe('a3');
    expect(findNewestLeaf(messages, 'a1b')).toBe('a1b');
  });
});

describe('a message that arrives', () => {
  test('is added at the end, or takes the place of what it replaces', () => {
    expect(upsertMessage(messages, message('q9', 'a2')).at(-1)?.id).toBe('q9');
    const changed = upsertMessage(messages, message('a1', 'q1', 'new'));
    expect(changed).toHaveLength(messages.length);
    expect(changed[1]?.content).toBe('new');
  });
});
