import type { ChatMessage } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { shortenDialogue, toDialogue, toTitle } from './dialogue.ts';

const message = (id: string, parentId: string | null, role: ChatMessage['role'], content = id): ChatMessage => ({
  id,
  parentId,
  role,
  content,
  createdAt: '2026-01-01T00:00:00.000Z',
  isComplete: true,
  answer: null,
});

describe('toDialogue', () => {
  const tree = [
    message('a', null, 'user'),
    message('b', 'a', 'assistant'),
    message('c', 'b', 'user'),
    message('d', 'c', 'assistant'),
    message('e', 'b', 'user'),
  ];

  test('shows the branch of the parent and the new message, and no other branch', () => {
    expect(toDialogue(tree, { parentId: 'b', content: 'new' }).map(({ content }) => content)).toEqual(['a', 'b', 'new']);
  });
  test('without content the parent is the question', () => {
    expect(toDialogue(tree, { parentId: 'e' }).map(({ content }) => content)).toEqual(['a', 'b', 'e']);
  });
  test('a system text comes first', () => {
    expect(toDialogue([], { parentId: null, content: 'q', options: { system: 's' } })).toEqual([
      { role: 'system', content: 's' },
      { role: 'user', content: 'q' },
    ]);
  });
  test('answering an answer is refused', () => {
    expect(() => toDialogue(tree, { parentId: 'd' })).toThrow('no question');
  });
  test('a parent of another chat is refused', () => {
    expect(() => toDialogue(tree, { parentId: 'zz', content: 'x' })).toThrow('not part of this chat');
  });
  test('answers that stayed empty are left out', () => {
    expect(toDialogue([message('a', null, 'user'), message('b', 'a', 'assistant', '')], { parentId: 'b', content: 'q' })).toHaveLength(2);
  });
});

describe('shortenDialogue', () => {
  const turns = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ role: i % 2 === 0 ? ('user' as const) : ('assistant' as const), content: String(i) }));
  test('keeps the system text and the newer half, beginning with a person', () => {
    const shorter = shortenDialogue([{ role: 'system', content: 's' }, ...turns(9)]);
    expect(shorter?.map(({ content }) => content)).toEqual(['s', '6', '7', '8']);
  });
  test('ends at the question alone', () => {
    expect(shortenDialogue(turns(1))).toBeUndefined();
    expect(shortenDialogue(turns(3))?.at(-1)?.content).toBe('2');
  });
});

describe('toTitle', () => {
  test('takes the first line and cuts at a word', () => {
    expect(toTitle('Hello there\nmore')).toBe('Hello there');
    expect(toTitle(`${'word '.repeat(30)}`).length).toBeLessThanOrEqual(61);
  });
});
