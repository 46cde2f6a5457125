import type { SecretsStatus } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../stores/database.ts';
import type { ChatSeal } from './chat-seal.ts';

/** Few enough that nobody waits long for their turn to write. */
const ROWS_AT_ONCE = 50;
const RETRY_MS = 5000;

interface RowName {
  readonly id: string;
  readonly owner: string;
}

/** Chats, or messages. */
interface Kind {
  /** The next rows after this one that lie the other way than they should. */
  read(query: Query, cursor: string): Promise<readonly RowName[]>;
  /** False when the row does not open. */
  change(query: Query, row: RowName): Promise<boolean>;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

interface Batch {
  /** The last row that was looked at; `undefined` at the end. */
  readonly cursor: string | undefined;
  readonly changed: number;
  readonly unreadable: number;
}

export interface StoredChatSealing {
  /** How many chats and messages lie which way. */
  count(): Promise<SecretsStatus['chats']>;
  /**
   * Seals what lies in clear, or opens what lies sealed, as the configuration wishes, and ends when all is done. The rows themselves say
   * how far it came: cut off anywhere, the next start goes on.
   */
  run(signal: AbortSignal): Promise<void>;
}

export interface StoredChatSealingDependencies {
  readonly database: Database;
  readonly seal: ChatSeal;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createStoredChatSealing({ database, seal, clock, log }: StoredChatSealingDependencies): StoredChatSealing {
  const wrong = seal.isOn ? 'is' : 'is not';

  const chats: Kind = {
    read: (query, cursor) =>
      query
        .selectFrom('chats')
        .select(['id', 'owner_id as owner'])
        .where('sealed', wrong, null)
        .where('id', '>', cursor)
        .orderBy('id')
        .limit(ROWS_AT_ONCE)
        .execute(),
    async change(query, { id }) {
      const row = await query.selectFrom('chats').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      const text = await seal.readChat(row);
      if (text === undefined) return false;
      const columns = await seal.toChatColumns(query, row, text);
      await query.updateTable('chats').set(columns).where('id', '=', id).execute();
      return true;
    },
  };

  const messages: Kind = {
    read: (query, cursor) =>
      query
        .selectFrom('chat_messages')
        .innerJoin('chats', 'chats.id', 'chat_messages.chat_id')
        .select(['chat_messages.id', 'chats.owner_id as owner'])
        .where('chat_messages.sealed', wrong, null)
        .where('chat_messages.id', '>', cursor)
        .orderBy('chat_messages.id')
        .limit(ROWS_AT_ONCE)
        .execute(),
    async change(query, { id, owner }) {
      const row = await query.selectFrom('chat_messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      const text = await seal.readMessage(owner, row);
      if (text === undefined) return false;
      const columns = await seal.toMessageColumns(query, owner, row, text);
      await query.updateTable('chat_messages').set(columns).where('id', '=', id).execute();
      return true;
    },
  };

  async function changeNext({ read, change }: Kind, cursor: string): Promise<Batch> {
    for (const owner of new Set((await read(database.query, cursor)).map((row) => row.owner))) await seal.prepare(owner);
    return database.transaction(async (transaction) => {
      const rows = await read(transaction, cursor);
      let changed = 0;
      for (const row of rows) if (await change(transaction, row)) changed++;
      return { cursor: rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.id, changed, unreadable: rows.length - changed };
    });
  }

  async function changeAll(kind: Kind, signal: AbortSignal): Promise<Omit<Batch, 'cursor'>> {
    let [changed, unreadable] = [0, 0];
    for (let cursor: string | undefined = ''; cursor !== undefined && !signal.aborted; ) {
      const batch: Batch = await changeNext(kind, cursor);
      changed += batch.changed;
      unreadable += batch.unreadable;
      cursor = batch.cursor;
    }
    return { changed, unreadable };
  }

  async function changeEverything(signal: AbortSignal): Promise<void> {
    const done = [await changeAll(chats, signal), await changeAll(messages, signal)];
    const [changed, unreadable] = [sum(done.map((each) => each.changed)), sum(done.map((each) => each.unreadable))];
    if (changed > 0) await database.scrub();
    if (changed > 0) log.info({ changed, isSealed: seal.isOn }, 'Stored chats lie as the configuration wishes');
    if (unreadable > 0) log.error({ unreadable }, 'Some chats cannot be read and stay sealed: their keys are gone');
  }

  const count = async (table: 'chats' | 'chat_messages', operator: 'is' | 'is not') => {
    const row = await database.query
      .selectFrom(table)
      .select((select) => select.fn.countAll<number>().as('rows'))
      .where('sealed', operator, null)
      .executeTakeFirstOrThrow();
    return Number(row.rows);
  };

  return {
    async count() {
      const sealed = (await count('chats', 'is not')) + (await count('chat_messages', 'is not'));
      const clear = (await count('chats', 'is')) + (await count('chat_messages', 'is'));
      return { wanted: seal.isOn ? 'sealed' : 'clear', sealed, clear };
    },

    async run(signal) {
      while (!signal.aborted) {
        try {
          return await changeEverything(signal);
        } catch (error) {
          log.error({ err: error }, 'Stored chats could not be sealed or opened; it is tried again');
          await clock.sleep(RETRY_MS, signal).catch(() => {});
        }
      }
    },
  };
}
