import { ClusterError } from '@cluster-ai/client';
import type { ChatDetails, ChatMessage, ChatStreamEvent } from '@cluster-ai/contracts';
import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createAnswerStreams } from './answer-streams.ts';

const answer = (content: string, isComplete = false): ChatMessage => ({
  id: 'a1',
  parentId: 'q1',
  role: 'assistant',
  content,
  createdAt: '2026-01-01T00:00:00.000Z',
  isComplete,
  answer: null,
});
const chat: ChatDetails = {
  id: 'c1',
  title: '',
  model: 'starter',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  headId: null,
  isPinned: false,
  isReadable: true,
  isGenerating: false,
  options: {},
  messages: [],
};

/** A stream that a test writes by hand. */
function createStream() {
  const queue: (ChatStreamEvent | Error | undefined)[] = [];
  let wake = () => {};
  const push = (item: ChatStreamEvent | Error | undefined) => {
    queue.push(item);
    wake();
  };
  async function* read(): AsyncGenerator<ChatStreamEvent, void, undefined> {
    for (;;) {
      while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const item = queue.shift();
      if (item === undefined) return;
      if (item instanceof Error) throw item;
      yield item;
    }
  }
  return { send: push, fail: push, end: () => push(undefined), read };
}

let turns: ReturnType<typeof createStream>;
let attached: ReturnType<typeof createStream>;
let queryClient: QueryClient;
let answers: ReturnType<typeof createAnswerStreams>;
const readChat = () => queryClient.getQueryData<ChatDetails>(['chat', 'c1']);

beforeEach(() => {
  turns = createStream();
  attached = createStream();
  queryClient = new QueryClient();
  queryClient.setQueryData(['chat', 'c1'], chat);
  const cluster = { takeTurn: () => turns.read(), attachToChat: () => attached.read(), stopChat: async () => {} };
  answers = createAnswerStreams({ cluster, queryClient });
});

describe('asking', () => {
  test('resolves when the question is stored, and puts it into the chat with its answer below', async () => {
    const accepted = answers.ask('c1', { parentId: null, content: 'Hi' });
    expect(answers.get('c1')?.turn?.content).toBe('Hi');
    turns.send({ type: 'message', message: answer('') });
    await accepted;
    expect(readChat()).toMatchObject({ headId: 'a1', isGenerating: true });
    expect(readChat()?.messages.map(({ id, role, content }) => [id, role, content])).toEqual([
      ['q1', 'user', 'Hi'],
      ['a1', 'assistant', ''],
    ]);
  });

  test('streams, tells who listens, and leaves the stored answer behind', async () => {
    const heard: (string | undefined)[] = [];
    answers.subscribe('c1', () => heard.push(answers.get('c1')?.message?.content));
    const accepted = answers.ask('c1', { parentId: null, content: 'Hi' });
    turns.send({ type: 'message', message: answer('') });
    await accepted;
    turns.send({ type: 'delta', messageId: 'a1', text: 'Hel' });
    turns.send({ type: 'delta', messageId: 'a1', text: 'lo' });
    await vi.waitFor(() => expect(heard).toContain('Hello'), { timeout: 30_000 });
    turns.send({ type: 'done', message: answer('Hello.', true) });
    await vi.waitFor(() => expect(answers.get('c1')).toBeUndefined(), { timeout: 30_000 });
    expect(readChat()?.messages.at(-1)?.content).toBe('Hello.');
    expect(readChat()?.isGenerating).toBe(false);
  });

  test('rejects with what the server said when it refuses, and leaves no trace', async () => {
    const accepted = answers.ask('c1', { parentId: null, content: 'Hi' });
    turns.fail(new ClusterError('not_enough_memory', 'Too big.'));
    await expect(accepted).rejects.toMatchObject({ code: 'not_enough_memory' });
    await vi.waitFor(() => expect(answers.get('c1')).toBeUndefined(), { timeout: 30_000 });
    expect(readChat()?.messages).toEqual([]);
  });

  test('a chat that is being answered takes no second question', async () => {
    void answers.ask('c1', { parentId: null, content: 'Hi' });
    await expect(answers.ask('c1', { parentId: null, content: 'Again' })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a connection that breaks half-way is taken up again where the answer is', async () => {
    const accepted = answers.ask('c1', { parentId: null, content: 'Hi' });
    turns.send({ type: 'message', message: answer('') });
    await accepted;
    turns.send({ type: 'delta', messageId: 'a1', text: 'Hel' });
    turns.fail(new ClusterError('not_running', 'Nothing answers.'));
    attached.send({ type: 'message', message: answer('Hello, yo') });
    attached.send({ type: 'delta', messageId: 'a1', text: 'u' });
    await vi.waitFor(() => expect(answers.get('c1')?.message?.content).toBe('Hello, you'), { timeout: 30_000 });
    attached.send({ type: 'done', message: answer('Hello, you.', true) });
    await vi.waitFor(() => expect(readChat()?.messages.at(-1)?.content).toBe('Hello, you.'), { timeout: 30_000 });
  });
});

describe('attaching', () => {
  test('shows an answer that was begun elsewhere from where it is', async () => {
    queryClient.setQueryData(['chat', 'c1'], { ...chat, messages: [answer('')], headId: 'a1', isGenerating: true });
    const ended = answers.attach('c1');
    attached.send({ type: 'message', message: answer('Half of') });
    await vi.waitFor(() => expect(answers.get('c1')?.message?.content).toBe('Half of'), { timeout: 30_000 });
    attached.send({ type: 'done', message: answer('Half of it.', true) });
    await ended;
    expect(readChat()).toMatchObject({ isGenerating: false, messages: [{ content: 'Half of it.' }] });
  });

  test('ends at once when nothing is written', async () => {
    attached.send({ type: 'done', message: answer('Long ago.', true) });
    await answers.attach('c1');
    expect(answers.get('c1')).toBeUndefined();
  });

  test('ends at once for a chat without any message', async () => {
    attached.end();
    await answers.attach('c1');
    expect(answers.get('c1')).toBeUndefined();
  });
});
