import type { ChatDetails } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { toFileName } from '../../ui/download.ts';
import { toJson, toMarkdown } from './export-chat.ts';

const words = {
  untitled: 'New chat',
  you: 'You',
  system: 'System prompt',
  failed: 'It failed.',
  dateTime: (iso: string) => iso.slice(0, 10),
};

const answer = (model: string, error: { code: string; message: string; hint: string } | null = null) =>
  ({ model, node: 'desk', error }) as ChatDetails['messages'][number]['answer'];

const chat = {
  id: 'c',
  title: 'Capitals',
  model: 'starter',
  createdAt: '2026-01-02T10:00:00Z',
  headId: 'a2',
  options: { system: 'Be brief.\nBe kind.' },
  messages: [
    { id: 'q', parentId: null, role: 'user', content: 'Japan?', createdAt: '2026-01-02T10:00:00Z', isComplete: true, answer: null },
    {
      id: 'a1',
      parentId: 'q',
      role: 'assistant',
      content: 'Kyoto.',
      createdAt: '2026-01-02T10:00:01Z',
      isComplete: true,
      answer: answer('starter'),
    },
    {
      id: 'a2',
      parentId: 'q',
      role: 'assistant',
      content: '**Tokyo**.',
      createdAt: '2026-01-03T10:00:01Z',
      isComplete: true,
      answer: answer('big'),
    },
  ],
} as unknown as ChatDetails;

describe('a chat as Markdown', () => {
  test('is the branch that is shown, with who said what', () => {
    expect(toMarkdown(chat, words)).toBe(`# Capitals

starter · 2026-01-02

> **System prompt**
> 
> Be brief.
> Be kind.

## You

*2026-01-02*

Japan?

## big · desk

*2026-01-03*

**Tokyo**.
`);
  });

  test('says where an answer failed, and has a title where nobody gave one', () => {
    const [question] = chat.messages;
    const failed = {
      ...chat.messages[2],
      content: '',
      answer: answer('big', { code: 'node_lost', message: 'The node was lost.', hint: '' }),
    };
    const text = toMarkdown({ ...chat, title: '', options: {}, messages: [question, failed] } as ChatDetails, words);
    expect(text).toContain('# New chat\n');
    expect(text).toContain('> It failed. The node was lost.\n');
    expect(text).not.toContain('System prompt');
  });
});

test('a chat as JSON is all of it, every branch', () => {
  expect(JSON.parse(toJson(chat))).toEqual(chat);
});

test('a file is called by the title, in words that every file system takes', () => {
  expect(toFileName('Qual é a capital do Japão?', 'md')).toBe('qual-e-a-capital-do-japao.md');
  expect(toFileName('../../etc/passwd', 'json')).toBe('etc-passwd.json');
  expect(toFileName('日本', 'md')).toBe('日本.md');
  expect(toFileName('???', 'md')).toBe('chat.md');
  expect(toFileName('word '.repeat(50), 'md').length).toBeLessThan(70);
});
