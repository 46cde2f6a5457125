import type { Chat, ChatMessage, Model } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { takeWords } from './announcer.tsx';
import { canChat, chooseModel } from './choose-model.ts';
import { groupChats } from './group-chats.ts';
import { toGrammar } from './highlighter.ts';
import { toCurl } from './to-curl.ts';

const model = (name: string, state: string, capabilities: string[] = ['chat']) =>
  ({ name, condition: { state }, latest: { facts: { capabilities } } }) as unknown as Model;

describe('the model for a new chat', () => {
  const models = [model('embedder', 'ready', ['embedding']), model('big', 'asleep'), model('small', 'ready')];

  test('is the one asked for, else the last one used, else one that is ready, else the first', () => {
    expect(chooseModel(models, 'big', 'small')).toBe('big');
    expect(chooseModel(models, 'gone', 'big')).toBe('big');
    expect(chooseModel(models, undefined, 'gone')).toBe('small');
    expect(chooseModel([model('big', 'asleep')], undefined, null)).toBe('big');
    expect(chooseModel([], undefined, null)).toBe('');
  });

  test('is never one that only embeds; a file that says nothing gets the benefit of the doubt', () => {
    expect(chooseModel(models, 'embedder', null)).toBe('small');
    expect(canChat(model('x', 'ready', []))).toBe(true);
  });
});

describe('the list of chats', () => {
  const now = new Date(2026, 2, 10, 15).getTime();
  const chat = (id: string, daysAgo: number, isPinned = false) =>
    ({ id, isPinned, updatedAt: new Date(2026, 2, 10 - daysAgo, 12).toISOString() }) as Chat;

  test('is grouped by calendar days, pinned ones first, and leaves empty groups out', () => {
    const groups = groupChats([chat('a', 0), chat('b', 1), chat('c', 5), chat('d', 40), chat('e', 90, true)], now);
    expect(groups.map(({ group, chats }) => [group, chats.map(({ id }) => id)])).toEqual([
      ['pinned', ['e']],
      ['today', ['a']],
      ['yesterday', ['b']],
      ['week', ['c']],
      ['older', ['d']],
    ]);
    expect(groupChats([], now)).toEqual([]);
  });
});

describe('copy as curl', () => {
  const step = (role: 'user' | 'assistant', content: string) => ({
    message: { id: content, parentId: null, role, content, createdAt: '', isComplete: true, answer: null } satisfies ChatMessage,
    siblings: [content],
  });

  test('asks the same question again: everything up to the last message of a person', () => {
    const command = toCurl('http://127.0.0.1:3000', 'starter', [
      step('user', 'Hi'),
      step('assistant', 'Hello'),
      step('user', 'Who?'),
      step('assistant', 'Me'),
    ]);
    expect(command).toContain('http://127.0.0.1:3000/v1/chat/completions');
    const body = JSON.parse(command.slice(command.indexOf("-d '") + 4, -1));
    expect(body).toEqual({
      model: 'starter',
      stream: true,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Who?' },
      ],
    });
  });

  test('asks as the chat does: with its system prompt and its parameters', () => {
    const command = toCurl('http://x', 'm', [step('user', 'Hi')], { system: 'Be brief.', temperature: 0.2 });
    expect(JSON.parse(command.slice(command.indexOf("-d '") + 4, -1))).toEqual({
      model: 'm',
      stream: true,
      temperature: 0.2,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
  });

  test('a quote in the text cannot leave the shell word', () => {
    expect(toCurl('http://x', 'm', [step('user', "it's; rm -rf /")])).toContain(`it'\\''s; rm -rf /`);
  });
});

describe('text for screen readers', () => {
  test('is given in whole words', () => {
    expect(takeWords('Hello wor', 0)).toEqual({ words: 'Hello', next: 6 });
    expect(takeWords('Hello world and', 6)).toEqual({ words: 'world', next: 12 });
    expect(takeWords('Hel', 0)).toEqual({ words: '', next: 0 });
  });
});

describe('the grammar of a code block', () => {
  test('is found by name or by a usual short form', () => {
    expect(toGrammar('Python')).toBe('python');
    expect(toGrammar('tsx')).toBe('typescript');
    expect(toGrammar('brainfuck')).toBeUndefined();
    expect(toGrammar('')).toBeUndefined();
  });
});
