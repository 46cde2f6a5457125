import { type Clock, silentLogger, systemClock } from '@cluster-ai/runtime';
import { type ChatKeys, createChatKeys } from '../../access/privacy/chat-keys.ts';
import { createRingCopies, type RingCopies } from '../../access/privacy/ring-copies.ts';
import type { Secrets } from '../../access/secrets/secrets.ts';
import { openTestSecrets } from '../../access/secrets/testing/open-test-secrets.ts';
import type { Database } from '../../stores/database.ts';
import { type ChatSeal, createChatSeal } from '../chat-seal.ts';
import { type ChatStore, createChatStore } from '../chat-store.ts';
import { createStoredChatSealing, type StoredChatSealing } from '../seal-stored-chats.ts';

export interface TestChats {
  readonly secrets: Secrets;
  readonly keys: ChatKeys;
  readonly keyRings: RingCopies;
  readonly seal: ChatSeal;
  readonly store: ChatStore;
  readonly sealing: StoredChatSealing;
  /** A chat with one question in it, and its id. */
  add(ownerId: string, question: string): Promise<string>;
}

export interface TestChatsOptions {
  readonly isOn?: boolean;
  readonly clock?: Clock;
  readonly secrets?: Secrets;
}

/** The real store of chats on this database, as `main.ts` puts it together. */
export async function openTestChats(
  database: Database,
  { isOn = true, clock = systemClock, secrets: given }: TestChatsOptions = {},
): Promise<TestChats> {
  const secrets = given ?? (await openTestSecrets(database, clock));
  const keys = createChatKeys({ keyStore: database, secrets, clock });
  const keyRings = createRingCopies({ database, keys, secrets, clock, log: silentLogger });
  const seal = createChatSeal({ keys, isOn });
  const store = createChatStore({ database, seal, now: clock.now });
  return {
    secrets,
    keys,
    keyRings,
    seal,
    store,
    sealing: createStoredChatSealing({ database, seal, clock, log: silentLogger }),
    async add(ownerId, question) {
      const { id } = await store.create({ ownerId, title: question, model: 'starter', options: { system: `system of ${question}` } });
      await store.append(id, [{ chatId: id, parentId: null, role: 'user', content: question, isComplete: true, answer: null }]);
      return id;
    },
  };
}
