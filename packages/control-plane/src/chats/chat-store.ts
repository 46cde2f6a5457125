import {
  type AnswerFacts,
  type Chat,
  type ChatDetails,
  type ChatMessage,
  ClusterError,
  type GenerationOptions,
  phrase,
  type UpdateChatInput,
} from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import type { Database, Query } from '../stores/database.ts';
import type { ChatMessageRow, ChatRow, Flag } from '../stores/tables.ts';

type MessageRow = Omit<ChatMessageRow, 'chat_id'>;

const toFlag = (value: boolean): Flag => (value ? 1 : 0);

const toChat = (row: ChatRow): Omit<Chat, 'isGenerating'> => ({
  id: row.id,
  title: row.title,
  model: row.model,
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
  headId: row.head_id,
  isPinned: row.is_pinned === 1,
  options: JSON.parse(row.options_json) as GenerationOptions,
});

const toMessage = (row: MessageRow): ChatMessage => ({
  id: row.id,
  parentId: row.parent_id,
  role: row.role,
  content: row.content,
  createdAt: new Date(row.created_at).toISOString(),
  isComplete: row.is_complete === 1,
  answer: row.answer_json === null ? null : (JSON.parse(row.answer_json) as AnswerFacts),
});

export interface NewMessage {
  readonly chatId: string;
  readonly parentId: string | null;
  readonly role: ChatMessage['role'];
  readonly content: string;
  readonly isComplete: boolean;
  readonly answer: AnswerFacts | null;
}

const PAGE = 50;

/** What was written on this machine before anybody had a login becomes somebody's. */
export async function adoptLocalChats(query: Query, ownerId: string): Promise<void> {
  await query.updateTable('chats').set({ owner_id: ownerId }).where('owner_id', '=', 'local').execute();
}

/** Conversations and their messages in the store. */
export function createChatStore(database: Database, now: () => number) {
  async function touch(
    transaction: Query,
    chatId: string,
    changes: Partial<Pick<ChatRow, 'title' | 'model' | 'head_id' | 'is_pinned' | 'options_json'>>,
  ): Promise<void> {
    const result = await transaction
      .updateTable('chats')
      .set({ ...changes, updated_at: now() })
      .where('id', '=', chatId)
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) throw notFound(chatId);
  }

  return {
    /** Newest first, pinned before all others on the first page. `cursor` is what the page before returned. */
    async list({ ownerId, cursor, search }: { ownerId: string; cursor: string | undefined; search: string | undefined }) {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number.parseInt(cursor, 10);
      let query = database.query
        .selectFrom('chats')
        .selectAll()
        .where('owner_id', '=', ownerId)
        .where('updated_at', '<', before)
        .orderBy('updated_at', 'desc')
        .limit(PAGE + 1);
      if (search)
        query = query.where((where) =>
          where(where.fn<string>('lower', ['title']), 'like', `%${search.toLowerCase().replace(/[%_]/g, '')}%`),
        );
      const rows = await query.execute();
      const page = rows.slice(0, PAGE);
      const last = page.at(-1);
      return { chats: page.map(toChat), nextCursor: rows.length > PAGE && last ? String(last.updated_at) : null };
    },

    /** Throws `chat_not_found` for a chat of somebody else, as for one that is not there. */
    async checkOwner(id: string, ownerId: string): Promise<void> {
      const row = await database.query.selectFrom('chats').select('owner_id').where('id', '=', id).executeTakeFirst();
      if (row?.owner_id !== ownerId) throw notFound(id);
    },

    async get(id: string): Promise<Omit<ChatDetails, 'isGenerating'>> {
      const row = await database.query.selectFrom('chats').selectAll().where('id', '=', id).executeTakeFirst();
      if (!row) throw notFound(id);
      const messages = await database.query
        .selectFrom('chat_messages')
        .selectAll()
        .where('chat_id', '=', id)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return { ...toChat(row), messages: messages.map(toMessage) };
    },

    async create({
      ownerId,
      title,
      model,
      options,
    }: { ownerId: string } & Pick<Chat, 'title' | 'model' | 'options'>): Promise<Omit<Chat, 'isGenerating'>> {
      const row: ChatRow = {
        id: newId('chat', now()),
        title,
        model,
        created_at: now(),
        updated_at: now(),
        head_id: null,
        is_pinned: 0,
        owner_id: ownerId,
        options_json: JSON.stringify(options),
      };
      await database.transaction(async (transaction) => void (await transaction.insertInto('chats').values(row).execute()));
      return toChat(row);
    },

    async update(id: string, changes: UpdateChatInput): Promise<void> {
      await database.transaction((transaction) =>
        touch(transaction, id, {
          ...(changes.title === undefined ? {} : { title: changes.title }),
          ...(changes.model === undefined ? {} : { model: changes.model }),
          ...(changes.isPinned === undefined ? {} : { is_pinned: toFlag(changes.isPinned) }),
          ...(changes.headId === undefined ? {} : { head_id: changes.headId }),
          ...(changes.options === undefined ? {} : { options_json: JSON.stringify(changes.options) }),
        }),
      );
    },

    async remove(id: string): Promise<void> {
      await database.transaction(async (transaction) => {
        await transaction.deleteFrom('chat_messages').where('chat_id', '=', id).execute();
        const result = await transaction.deleteFrom('chats').where('id', '=', id).executeTakeFirst();
        if (Number(result.numDeletedRows) === 0) throw notFound(id);
      });
    },

    /** Appends messages and makes the last one the head of the chat, in one transaction. */
    async append(chatId: string, messages: readonly NewMessage[], title?: string): Promise<readonly ChatMessage[]> {
      const ids = messages.map(() => newId('msg', now()));
      const rows = messages.map((message, index) => ({
        id: ids[index] ?? '',
        chat_id: chatId,
        parent_id: index > 0 && message.parentId === null ? (ids[index - 1] ?? null) : message.parentId,
        role: message.role,
        content: message.content,
        created_at: now() + index, // keeps their order where a clock tick is the same
        is_complete: toFlag(message.isComplete),
        answer_json: message.answer === null ? null : JSON.stringify(message.answer),
      }));
      await database.transaction(async (transaction) => {
        await touch(transaction, chatId, { head_id: ids.at(-1) ?? null, ...(title === undefined ? {} : { title }) });
        await transaction.insertInto('chat_messages').values(rows).execute();
      });
      return rows.map(toMessage);
    },

    async finish(message: ChatMessage): Promise<void> {
      await database.transaction(
        async (transaction) =>
          void (await transaction
            .updateTable('chat_messages')
            .set({ content: message.content, is_complete: 1, answer_json: JSON.stringify(message.answer) })
            .where('id', '=', message.id)
            .execute()),
      );
    },

    /** Answers that a stopped process left unfinished are closed with what there is of them. */
    async closeUnfinished(answer: (message: ChatMessage) => AnswerFacts): Promise<void> {
      const rows = await database.query.selectFrom('chat_messages').selectAll().where('is_complete', '=', 0).execute();
      for (const message of rows.map(toMessage)) await this.finish({ ...message, isComplete: true, answer: answer(message) });
    },
  };
}
export type ChatStore = ReturnType<typeof createChatStore>;

function notFound(id: string): ClusterError {
  return new ClusterError('chat_not_found', phrase('chat_unknown', { id: id.slice(0, 80) }));
}
