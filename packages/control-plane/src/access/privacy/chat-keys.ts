import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { isClusterError } from '@cluster-ai/contracts';
import { type Clock, newId } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import type { ChatKeyRow } from '../../stores/tables.ts';
import type { Secrets } from '../secrets/secrets.ts';

const KEY_BYTES = 32;
/** Of the data key that wraps these keys: so a new data key, or a new master key, covers them. */
const PURPOSE = 'chat-keys';

/** A key that seals what one owner wrote. */
export interface ChatKey {
  readonly id: string;
  readonly ownerId: string;
  readonly key: KeyObject;
}

/** The keys of people for their chats: each owner has one of their own, so that erasing it is erasing all chats, wherever they lie. */
export interface ChatKeys {
  /** Sees to it that this owner has a key. Before a transaction, not within one. */
  prepare(ownerId: string): Promise<void>;
  /** The key that seals for this owner; `undefined` where none was prepared. */
  current(query: Query, ownerId: string): Promise<ChatKey | undefined>;
  /** `undefined` where it is gone, or is not this owner's. */
  find(id: string, ownerId: string): Promise<ChatKey | undefined>;
  /** All of them that open. */
  list(): Promise<readonly (ChatKey & { readonly createdAt: number })[]>;
  /** Keeps a key that comes back from a key ring. */
  restore(key: ChatKey & { readonly createdAt: number }): Promise<void>;
  /** What was unwrapped so far is forgotten: something was erased. */
  forget(): void;
}

export interface ChatKeysDependencies {
  /** Where keys are made: that is no act of whoever writes the chat. */
  readonly keyStore: Database;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly onMade?: () => void;
}

const placeOf = (id: string) => ({ table: 'chat_keys', column: 'wrapped', row: id });

const findNewest = (query: Query, ownerId: string) =>
  query
    .selectFrom('chat_keys')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

/** The first admin gets what was written before, and the key for it: nothing has to be sealed anew. */
export async function adoptChatKeys(query: Query, ownerId: string): Promise<void> {
  await query.updateTable('chat_keys').set({ owner_id: ownerId }).where('owner_id', '=', 'local').execute();
}

export function createChatKeys({ keyStore, secrets, clock, onMade = () => {} }: ChatKeysDependencies): ChatKeys {
  const unwrapped = new Map<string, ChatKey>();

  async function unwrap({ id, owner_id: ownerId, wrapped }: ChatKeyRow): Promise<ChatKey> {
    const known = unwrapped.get(id);
    const key = known?.key ?? createSecretKey(await secrets.open(PURPOSE, placeOf(id), wrapped));
    const found = { id, ownerId, key };
    unwrapped.set(id, found);
    return found;
  }

  /** A key that somebody changed from outside is none. */
  const tryUnwrap = (row: ChatKeyRow) =>
    unwrap(row).catch((error: unknown) => {
      if (isClusterError(error) && error.code === 'secret_unreadable') return undefined;
      throw error;
    });

  async function write({ id, ownerId, key, createdAt }: ChatKey & { readonly createdAt: number }): Promise<void> {
    const wrapped = await secrets.seal(PURPOSE, placeOf(id), key.export());
    await keyStore.transaction(async (transaction) => {
      await transaction
        .insertInto('chat_keys')
        .values({ id, owner_id: ownerId, wrapped, created_at: createdAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  return {
    async prepare(ownerId) {
      const row = await findNewest(keyStore.query, ownerId);
      if (row !== undefined) return void (await unwrap(row));
      const createdAt = clock.now();
      await write({ id: newId('chatkey', createdAt), ownerId, key: createSecretKey(randomBytes(KEY_BYTES)), createdAt });
      onMade();
    },

    async current(query, ownerId) {
      const row = await findNewest(query, ownerId);
      return row && unwrap(row);
    },

    async find(id, ownerId) {
      const known = unwrapped.get(id);
      if (known?.ownerId === ownerId) return known;
      const row = await keyStore.query.selectFrom('chat_keys').selectAll().where('id', '=', id).executeTakeFirst();
      return row?.owner_id === ownerId ? tryUnwrap(row) : undefined;
    },

    async list() {
      const rows = await keyStore.query.selectFrom('chat_keys').selectAll().orderBy('id').execute();
      const keys = await Promise.all(rows.map(async (row) => ({ key: await tryUnwrap(row), createdAt: row.created_at })));
      return keys.flatMap(({ key, createdAt }) => (key === undefined ? [] : { ...key, createdAt }));
    },

    restore: write,
    forget: () => unwrapped.clear(),
  };
}
