import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ChatStreamEvent, ClusterError } from '@cluster-ai/contracts';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway, InferenceAnswer, InferenceCall } from '../gateway/gateway.ts';
import { createEventBus, type EventBus } from '../observability/event-bus.ts';
import type { Database } from '../stores/database.ts';
import { openDatabase } from '../stores/open-database.ts';
import { adoptLocalChats } from './chat-store.ts';
import { type Chats, createChats } from './chats.ts';
import { openTestChats } from './testing/open-test-chats.ts';

type Script = (call: InferenceCall, messages: { role: string; content: string }[]) => AsyncIterable<string> | Promise<never>;

const chunk = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const say = (text: string) => chunk({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
const end = `${chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}${chunk({
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  timings: { cache_n: 0, prompt_n: 3, prompt_ms: 1, predicted_n: 2, predicted_ms: 100, queue_ms: 0 },
})}data: [DONE]\n\n`;

async function* toBytes(parts: AsyncIterable<string>) {
  for await (const part of parts) yield Buffer.from(part);
}

let script: Script;
let nodeName: string;
const gateway = {
  async serve(call: InferenceCall): Promise<InferenceAnswer> {
    const { messages } = JSON.parse(Buffer.from(call.body).toString('utf8')) as { messages: { role: string; content: string }[] };
    const parts = await script(call, messages);
    return {
      status: 200,
      contentType: 'text/event-stream',
      body: Readable.from(toBytes(parts)),
      get node() {
        return { id: 'n', name: nodeName };
      },
    } as unknown as InferenceAnswer;
  },
} as Gateway;

let folder: string;
let database: Database;
let chats: Chats;
let bus: EventBus;
let closing: (() => Promise<void>)[] = [];
const openChats = async () => {
  const { store } = await openTestChats(database);
  bus = createEventBus({ firstId: 1 });
  chats = createChats({ store, gateway, events: bus, clock: systemClock, log: silentLogger });
  await chats.recover();
};
beforeEach(async () => {
  nodeName = 'desk';
  folder = await mkdtemp(join(tmpdir(), 'chats-'));
  database = await openDatabase({ url: '', folder: { database: join(folder, 'cluster.db') }, log: silentLogger });
  await openChats();
});
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
  await chats.close();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Has a turn answered and returns all events of its stream. */
async function take(chatId: string, turn: Parameters<Chats['begin']>[1]): Promise<ChatStreamEvent[]> {
  await chats.begin(chatId, turn);
  return collect(chatId);
}
function collect(chatId: string): Promise<ChatStreamEvent[]> {
  return new Promise((resolve, reject) => {
    const events: ChatStreamEvent[] = [];
    chats
      .watch(chatId, (event) => {
        events.push(event);
        if (event.type === 'done') resolve(events);
      })
      .catch(reject);
  });
}

describe('a turn', () => {
  test('is asked in the name of who said it, so that grants and quotas hold', async () => {
    const callers: unknown[] = [];
    script = async function* ({ caller }) {
      callers.push(caller);
      yield end;
    };
    const caller = {
      kind: 'person',
      id: 'p',
      ownerId: 'p',
      name: 'ana',
      role: null,
      permissions: new Set<never>(),
      models: ['a'],
    } as const;
    const chat = await chats.create({ ownerId: 'p', title: '', model: 'starter' });
    await chats.begin(chat.id, { parentId: null, content: 'q' }, caller);
    await collect(chat.id);
    expect(callers).toEqual([caller]);
  });

  test('is answered, stored, and gives the chat its title', async () => {
    script = async function* () {
      yield say('Hel');
      yield say('lo');
      yield end;
    };
    const chat = await chats.create({ ownerId: 'local', title: '', model: 'starter' });
    const events = await take(chat.id, { parentId: null, content: 'Hi there' });
    expect(events.at(-1)).toMatchObject({
      type: 'done',
      message: {
        content: 'Hello',
        isComplete: true,
        answer: { node: 'desk', finishReason: 'stop', completionTokens: 2, tokensPerSecond: 20, error: null },
      },
    });
    const stored = await chats.get(chat.id);
    expect(stored).toMatchObject({ title: 'Hi there', isGenerating: false });
    expect(stored.messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Hi there'],
      ['assistant', 'Hello'],
    ]);
    expect(stored.headId).toBe(stored.messages[1]?.id);
  });

  test('sees the branch that it continues', async () => {
    const seen: string[][] = [];
    script = async function* (_call, messages) {
      seen.push(messages.map(({ content }) => content));
      yield say(`a${seen.length}`);
      yield end;
    };
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    const first = (await take(chat.id, { parentId: null, content: 'q1' })).at(-1);
    const parentId = first?.type === 'done' ? first.message.id : null;
    await take(chat.id, { parentId, content: 'q2' });
    await take(chat.id, { parentId: null, content: 'q1 edited' });
    expect(seen).toEqual([['q1'], ['q1', 'a1', 'q2'], ['q1 edited']]);
    expect((await chats.get(chat.id)).messages).toHaveLength(6);
  });

  test('is answered as the chat wishes, and as the turn wishes over that', async () => {
    const seen: unknown[] = [];
    script = async function* (call, messages) {
      const { temperature, top_p, max_tokens, system } = JSON.parse(Buffer.from(call.body).toString('utf8'));
      seen.push({ temperature, top_p, max_tokens, system, messages });
      yield end;
    };
    const chat = await chats.create({
      ownerId: 'local',
      title: 't',
      model: 'starter',
      options: { temperature: 0.2, top_p: 0.5, system: 'Be brief.' },
    });
    expect((await chats.list({ ownerId: 'local', cursor: undefined, search: undefined })).chats[0]?.options).toEqual(chat.options);
    await take(chat.id, { parentId: null, content: 'q', options: { top_p: 0.9 } });
    const system = { role: 'system', content: 'Be brief.' };
    const question = { role: 'user', content: 'q' };
    expect(seen).toEqual([{ temperature: 0.2, top_p: 0.9, messages: [system, question] }]);

    await chats.update(chat.id, { options: { max_tokens: 7 } });
    await take(chat.id, { parentId: null, content: 'q' });
    expect(seen[1]).toEqual({ max_tokens: 7, messages: [question] });
    await chats.update(chat.id, { title: 'renamed' });
    expect(await chats.get(chat.id)).toMatchObject({ title: 'renamed', options: { max_tokens: 7 } });
  });

  test('goes on without its oldest turns when the chat no longer fits', async () => {
    const sizes: number[] = [];
    script = (_call, messages) => {
      sizes.push(messages.length);
      if (messages.length > 1) return Promise.reject(new ClusterError('context_length_exceeded', 'Too long.'));
      return (async function* () {
        yield say('ok');
        yield end;
      })();
    };
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    const done = (await take(chat.id, { parentId: null, content: 'q1' })).at(-1);
    const events = await take(chat.id, { parentId: done?.type === 'done' ? done.message.id : null, content: 'q2' });
    expect(events.at(-1)).toMatchObject({ message: { content: 'ok' } });
    expect(sizes).toEqual([1, 3, 1]);
  });

  test('a failure is kept with its reason, and what was said before it', async () => {
    script = async function* () {
      yield say('half');
      yield chunk({ error: { message: 'The node was lost.', code: 'node_lost' } });
    };
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    await take(chat.id, { parentId: null, content: 'q' });
    expect((await chats.get(chat.id)).messages[1]).toMatchObject({
      content: 'half',
      answer: { finishReason: 'error', error: { code: 'node_lost' } },
    });
  });

  test('an answer that another node went on with names the one that ended it', async () => {
    script = async function* () {
      yield say('half and ');
      nodeName = 'laptop';
      yield say('half');
      yield end;
    };
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    const done = (await take(chat.id, { parentId: null, content: 'q' })).at(-1);
    expect(done).toMatchObject({ message: { content: 'half and half', answer: { node: 'laptop', finishReason: 'stop' } } });
  });

  test('a second turn at the same time is refused', async () => {
    script = hanging;
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    const [one, two] = await Promise.allSettled([
      chats.begin(chat.id, { parentId: null, content: 'a' }),
      chats.begin(chat.id, { parentId: null, content: 'b' }),
    ]);
    expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect((await chats.get(chat.id)).messages).toHaveLength(2);
  });
});

const hanging: Script = async function* (call) {
  yield say('Once ');
  await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }));
  throw call.signal.reason;
};

describe('an answer under way', () => {
  test('belongs to the chat: a second watcher sees what there is and then the rest', async () => {
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    script = async function* () {
      yield say('one ');
      await gate;
      yield say('two');
      yield end;
    };
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    await chats.begin(chat.id, { parentId: null, content: 'q' });
    await expect.poll(async () => (await chats.get(chat.id)).messages[1]?.content).toBe('one ');
    const events = collect(chat.id);
    goOn();
    expect(
      (await events).map((event) => (event.type === 'message' ? event.message.content : event.type === 'delta' ? event.text : event.type)),
    ).toEqual(['one ', 'two', 'done']);
  });

  test('is stopped by the person and keeps its text', async () => {
    script = hanging;
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    await chats.begin(chat.id, { parentId: null, content: 'q' });
    await expect.poll(async () => (await chats.get(chat.id)).messages[1]?.content).toBe('Once ');
    const done = collect(chat.id);
    chats.stop(chat.id);
    expect((await done).at(-1)).toMatchObject({ message: { content: 'Once ', answer: { finishReason: 'stopped', error: null } } });
  });

  test('is closed with a reason when a killed process left it open', async () => {
    const chat = await chats.create({ ownerId: 'local', title: 't', model: 'starter' });
    const { store } = await openTestChats(database);
    await store.append(chat.id, [{ chatId: chat.id, parentId: null, role: 'assistant', content: '', isComplete: false, answer: null }]);
    await openChats();
    expect((await chats.get(chat.id)).messages[0]).toMatchObject({
      isComplete: true,
      answer: { finishReason: 'error', error: { code: 'shutting_down' } },
    });
  });
});

describe('the list', () => {
  test('is searched by title, paged and sorted by the last change', async () => {
    for (let i = 0; i < 3; i++) await chats.create({ ownerId: 'local', title: `Plan ${i}`, model: 'starter' });
    const page = await chats.list({ ownerId: 'local', cursor: undefined, search: 'plan 1' });
    expect(page.chats.map(({ title }) => title)).toEqual(['Plan 1']);
    expect(page.nextCursor).toBeNull();
  });
  test('a removed chat is gone', async () => {
    const chat = await chats.create({ ownerId: 'local', title: 'x', model: 'starter' });
    await chats.remove(chat.id);
    await expect(chats.get(chat.id)).rejects.toMatchObject({ code: 'chat_not_found' });
    await expect(chats.remove(chat.id)).rejects.toMatchObject({ code: 'chat_not_found' });
  });
});

test('attack 27: a chat of somebody else is one that is not there', async () => {
  const chat = await chats.create({ ownerId: 'anna', title: 'mine', model: 'starter' });
  await expect(chats.checkOwner(chat.id, 'bert')).rejects.toMatchObject({ code: 'chat_not_found' });
  await expect(chats.checkOwner(chat.id, 'anna')).resolves.toBeUndefined();
  expect((await chats.list({ ownerId: 'bert', cursor: undefined, search: undefined })).chats).toEqual([]);
});

test('attack 27: each event of a chat says whose it is, also after its chats became somebody else’s', async () => {
  script = async function* () {
    yield say('hello') + end;
  };
  const told: string[] = [];
  bus.subscribe(({ event, ownerId }) => told.push(`${event.type} ${ownerId}`));
  const { id } = await chats.create({ ownerId: 'local', title: '', model: 'starter' });
  await database.transaction((transaction) => adoptLocalChats(transaction, 'anna'));
  await take(id, { parentId: null, content: 'Hi' });
  await chats.update(id, { title: 'x' });
  await chats.remove(id);
  expect(told[0]).toBe('chat.changed local');
  expect(new Set(told.slice(1, -1))).toEqual(new Set(['chat.changed anna']));
  expect(told.at(-1)).toBe('chat.removed anna');
});
