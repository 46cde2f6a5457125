import {
  type AnswerFacts,
  type Chat,
  type ChatDetails,
  type ChatMessage,
  ClusterError,
  phrase,
  type UpdateChatInput,
} from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import { adoptChatKeys } from '../access/privacy/chat-keys.ts';
import type { Database, Query } from '../stores/database.ts';
import type { ChatMessageRow, ChatRow, Flag } from '../stores/tables.ts';
import type { ChatSeal, ChatText } from './chat-seal.ts';

type StoredChat = Omit<Chat, 'isGenerating'>;

const toFlag = (value: boolean): Flag => (value ? 1 : 0);
const toTime = (ms: number) => new Date(ms).toISOString();

export interface NewMessage {
  readonly chatId: string;
  readonly parentId: string | null;
  readonly role: ChatMessage['role'];
  readonly content: string;
  readonly isComplete: boolean;
  readonly answer: AnswerFacts | null;
}

export interface ChatStoreDependencies {
  readonly database: Database;
  readonly seal: ChatSeal;
  readonly now: () => number;
}

const PAGE = 50;

function toChat(row: ChatRow, text: ChatText | undefined): StoredChat {
  return {
    id: row.id,
    title: text?.title ?? '',
    model: row.model,
    createdAt: toTime(row.created_at),
    updatedAt: toTime(row.updated_at),
    headId: row.head_id,
    isPinned: row.is_pinned === 1,
    isReadable: text !== undefined,
    options: text?.options ?? {},
  };
}

/** What was written on this machine before anybody had a login becomes somebody's. */
export async function adoptLocalChats(query: Query, ownerId: string): Promise<void> {
  await query.updateTable('chats').set({ owner_id: ownerId }).where('owner_id', '=', 'local').execute();
  await adoptChatKeys(query, ownerId);
}

const findChat = (query: Query, id: string) => query.selectFrom('chats').selectAll().where('id', '=', id).executeTakeFirst();

const findOwnerOfMessage = (query: Query, messageId: string) =>
  query
    .selectFrom('chat_messages')
    .innerJoin('chats', 'chats.id', 'chat_messages.chat_id')
    .select(['chats.owner_id', 'chat_messages.chat_id'])
    .where('chat_messages.id', '=', messageId)
    .executeTakeFirst();

/** Conversations and their messages in the store. */
export function createChatStore({ database, seal, now }: ChatStoreDependencies) {
  const findOwner = async (id: string): Promise<string | undefined> =>
    (await database.query.selectFrom('chats').select('owner_id').where('id', '=', id).executeTakeFirst())?.owner_id;
  const readChat = async (row: ChatRow): Promise<StoredChat> => toChat(row, await seal.readChat(row));

  async function readMessage(ownerId: string, row: ChatMessageRow): Promise<ChatMessage | undefined> {
    const text = await seal.readMessage(ownerId, row);
    return (
      text && {
        id: row.id,
        parentId: row.parent_id,
        role: row.role,
        createdAt: toTime(row.created_at),
        isComplete: row.is_complete === 1,
        ...text,
      }
    );
  }

  /** Throws `chat_not_found`. */
  async function prepareFor(chatId: string): Promise<void> {
    const row = await findChat(database.query, chatId);
    if (row === undefined) throw notFound(chatId);
    await seal.prepare(row.owner_id);
  }

  async function changeText(query: Query, row: ChatRow, { title, options }: { [Key in keyof ChatText]: ChatText[Key] | undefined }) {
    const before = await seal.readChat(row);
    if (before === undefined) throw unreadable();
    return seal.toChatColumns(query, row, { title: title ?? before.title, options: options ?? before.options });
  }

  async function change(
    transaction: Query,
    chatId: string,
    { title, options, ...columns }: Partial<ChatText> & Partial<Pick<ChatRow, 'model' | 'head_id' | 'is_pinned'>>,
  ): Promise<ChatRow> {
    const row = await findChat(transaction, chatId);
    if (row === undefined) throw notFound(chatId);
    const text = title === undefined && options === undefined ? {} : await changeText(transaction, row, { title, options });
    await transaction
      .updateTable('chats')
      .set({ ...columns, ...text, updated_at: now() })
      .where('id', '=', chatId)
      .execute();
    return row;
  }

  /** A page of rows, newest first, beginning below the place. */
  const readRows = (ownerId: string, { at, id }: { readonly at: number; readonly id: string }) =>
    database.query
      .selectFrom('chats')
      .selectAll()
      .where('owner_id', '=', ownerId)
      .where((where) => where.or([where('updated_at', '<', at), where.and([where('updated_at', '=', at), where('id', '<', id)])]))
      .orderBy('updated_at', 'desc')
      .orderBy('id', 'desc')
      .limit(PAGE + 1)
      .execute();

  return {
    /**
     * Newest first. `cursor` is what the page before returned. What lies sealed cannot be searched by the database, so all titles are read
     * here, as many as it takes to fill a page.
     */
    async list({ ownerId, cursor, search }: { ownerId: string; cursor: string | undefined; search: string | undefined }) {
      const wanted = search?.toLowerCase() ?? '';
      const found: { readonly chat: StoredChat; readonly updatedAt: number }[] = [];
      let place = { at: cursor === undefined ? Number.MAX_SAFE_INTEGER : Number.parseInt(cursor, 10), id: '' };
      for (let isMore = true; isMore && found.length <= PAGE; ) {
        const rows = await readRows(ownerId, place);
        for (const row of rows) {
          const chat = await readChat(row);
          if (chat.title.toLowerCase().includes(wanted)) found.push({ chat, updatedAt: row.updated_at });
        }
        const last = rows.at(-1);
        isMore = rows.length > PAGE;
        if (last !== undefined) place = { at: last.updated_at, id: last.id };
      }
      const page = found.slice(0, PAGE);
      const last = page.at(-1);
      return { chats: page.map(({ chat }) => chat), nextCursor: found.length > PAGE && last ? String(last.updatedAt) : null };
    },

    /** Throws `chat_not_found` for a chat of somebody else, as for one that is not there. */
    findOwner,

    async checkOwner(id: string, ownerId: string): Promise<void> {
      if ((await findOwner(id)) !== ownerId) throw notFound(id);
    },

    /** All or nothing: a chat of which one message does not open is not readable. */
    async get(id: string): Promise<Omit<ChatDetails, 'isGenerating'>> {
      const row = await findChat(database.query, id);
      if (!row) throw notFound(id);
      const rows = await database.query
        .selectFrom('chat_messages')
        .selectAll()
        .where('chat_id', '=', id)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      const text = await seal.readChat(row);
      const messages: ChatMessage[] = [];
      for (const message of rows) {
        const read = text && (await readMessage(row.owner_id, message));
        if (read === undefined) return { ...toChat(row, undefined), messages: [] };
        messages.push(read);
      }
      return { ...toChat(row, text), messages };
    },

    async create({ ownerId, title, model, options }: { ownerId: string } & Pick<Chat, 'title' | 'model' | 'options'>): Promise<StoredChat> {
      const place = { id: newId('chat', now()), owner_id: ownerId };
      await seal.prepare(ownerId);
      const row = await database.transaction(async (transaction) => {
        const text = await seal.toChatColumns(transaction, place, { title, options });
        const values: ChatRow = { ...place, ...text, model, created_at: now(), updated_at: now(), head_id: null, is_pinned: 0 };
        await transaction.insertInto('chats').values(values).execute();
        return values;
      });
      return toChat(row, { title, options });
    },

    /** Throws `chat_not_found`, `secret_unreadable`. */
    async update(id: string, { title, model, isPinned, headId, options }: UpdateChatInput): Promise<void> {
      await prepareFor(id);
      await database.transaction((transaction) =>
        change(transaction, id, {
          ...(title === undefined ? {} : { title }),
          ...(model === undefined ? {} : { model }),
          ...(isPinned === undefined ? {} : { is_pinned: toFlag(isPinned) }),
          ...(headId === undefined ? {} : { head_id: headId }),
          ...(options === undefined ? {} : { options }),
        }),
      );
    },

    async remove(id: string): Promise<{ readonly ownerId: string }> {
      return database.transaction(async (transaction) => {
        await transaction.deleteFrom('chat_messages').where('chat_id', '=', id).execute();
        const removed = await transaction.deleteFrom('chats').where('id', '=', id).returning('owner_id').executeTakeFirst();
        if (removed === undefined) throw notFound(id);
        return { ownerId: removed.owner_id };
      });
    },

    /** Appends messages and makes the last one the head of the chat, in one transaction. Throws as `update`. */
    async append(chatId: string, messages: readonly NewMessage[], title?: string): Promise<readonly ChatMessage[]> {
      const ids = messages.map(() => newId('msg', now()));
      const stored = messages.map(({ parentId, role, content, isComplete, answer }, index) => ({
        id: ids[index] ?? '',
        parentId: index > 0 && parentId === null ? (ids[index - 1] ?? null) : parentId,
        role,
        content,
        createdAt: now() + index, // keeps their order where a clock tick is the same
        isComplete,
        answer,
      }));
      await prepareFor(chatId);
      await database.transaction(async (transaction) => {
        const changes = { head_id: ids.at(-1) ?? null, ...(title === undefined ? {} : { title }) };
        const { owner_id } = await change(transaction, chatId, changes);
        for (const { id, parentId, role, createdAt, isComplete, ...text } of stored) {
          const place = { id, chat_id: chatId };
          const columns = await seal.toMessageColumns(transaction, owner_id, place, text);
          const row: ChatMessageRow = {
            ...place,
            ...columns,
            parent_id: parentId,
            role,
            created_at: createdAt,
            is_complete: toFlag(isComplete),
          };
          await transaction.insertInto('chat_messages').values(row).execute();
        }
      });
      return stored.map((message) => ({ ...message, createdAt: toTime(message.createdAt) }));
    },

    /** Nothing when its chat was removed meanwhile. */
    async finish({ id, content, answer }: ChatMessage): Promise<void> {
      const before = await findOwnerOfMessage(database.query, id);
      if (before === undefined) return;
      await seal.prepare(before.owner_id);
      await database.transaction(async (transaction) => {
        const found = await findOwnerOfMessage(transaction, id);
        if (found === undefined) return;
        const columns = await seal.toMessageColumns(transaction, found.owner_id, { id, chat_id: found.chat_id }, { content, answer });
        await transaction
          .updateTable('chat_messages')
          .set({ ...columns, is_complete: 1 })
          .where('id', '=', id)
          .execute();
      });
    },

    /** Answers that a stopped process left unfinished are closed with what there is of them. */
    async closeUnfinished(answer: (message: ChatMessage) => AnswerFacts): Promise<void> {
      const rows = await database.query.selectFrom('chat_messages').selectAll().where('is_complete', '=', 0).execute();
      for (const row of rows) {
        const owner = await findOwnerOfMessage(database.query, row.id);
        const message = owner && (await readMessage(owner.owner_id, row));
        if (message !== undefined) await this.finish({ ...message, isComplete: true, answer: answer(message) });
      }
    },
  };
}
export type ChatStore = ReturnType<typeof createChatStore>;

function notFound(id: string): ClusterError {
  return new ClusterError('chat_not_found', phrase('chat_unknown', { id: id.slice(0, 80) }));
}

function unreadable(): ClusterError {
  return new ClusterError('secret_unreadable', phrase('chat_unreadable'));
}
