import { createSecretKey } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { type Clock, type Logger, systemClock } from '@cluster-ai/runtime';
import { createChatKeys } from '../access/privacy/chat-keys.ts';
import { eraseRowsOf, removeChats } from '../access/privacy/erase-rows.ts';
import type { KeyRing } from '../access/privacy/key-ring.ts';
import { addBackupFolder } from '../access/privacy/ring-copies.ts';
import { ringFileName } from '../access/privacy/ring-file.ts';
import { type MasterKey, noGivenKeys } from '../access/secrets/master-key.ts';
import { readSealHeader } from '../access/secrets/sealed-bytes.ts';
import { openSecrets } from '../access/secrets/secrets.ts';
import type { Database, Query } from '../stores/database.ts';
import type { OpenedRing } from './find-key-ring.ts';

const ROWS_AT_ONCE = 500;

export interface AppliedRing {
  /** People who were in the backup and had been erased since. */
  readonly erasedAgain: number;
  /** Sealed chats without their key. */
  readonly unreadableChats: number;
}

export interface ApplyDependencies {
  /** As it was restored, and brought up to date. */
  readonly database: Database;
  readonly opened: OpenedRing | undefined;
  /** Absent for an archive without secrets. */
  readonly master: MasterKey | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

interface SealedChat {
  readonly id: string;
  readonly ownerId: string;
  readonly keyId: string;
}

/** Which keys the sealed chats need. */
async function* readSealedChats(query: Query): AsyncIterable<SealedChat> {
  for (let cursor = ''; ; ) {
    const rows = await query
      .selectFrom('chats')
      .select(['id', 'owner_id', 'sealed'])
      .where('sealed', 'is not', null)
      .where('id', '>', cursor)
      .orderBy('id')
      .limit(ROWS_AT_ONCE)
      .execute();
    for (const { id, owner_id: ownerId, sealed } of rows)
      yield { id, ownerId, keyId: readSealHeader(sealed ?? Buffer.of())?.purpose ?? '' };
    if (rows.length < ROWS_AT_ONCE) return;
    cursor = rows.at(-1)?.id ?? '';
  }
}

/** The chats that were sealed with shredded keys go as well: an erased person may have adopted them after the backup. */
async function eraseAgain(query: Query, { erased }: KeyRing, now: number): Promise<number> {
  let people = 0;
  for (const { id, keyIds, at } of erased) {
    const gone = await query.deleteFrom('people').where('id', '=', id).executeTakeFirst();
    people += Number(gone.numDeletedRows);
    await query.deleteFrom('usage_counters').where('subject', '=', id).execute();
    await eraseRowsOf(query, id, now);
    await query
      .updateTable('erased_people')
      .set({ key_ids_json: JSON.stringify(keyIds), erased_at: at })
      .where('person_id', '=', id)
      .execute();
  }
  const shredded = new Set(erased.flatMap(({ keyIds }) => keyIds));
  const orphans: string[] = [];
  for await (const { id, keyId } of readSealedChats(query)) if (shredded.has(keyId)) orphans.push(id);
  for (let start = 0; start < orphans.length; start += ROWS_AT_ONCE) await removeChats(query, orphans.slice(start, start + ROWS_AT_ONCE));
  return people;
}

/** A key that somebody adopted after the backup was nobody's at its time. */
async function restoreKeys({ database, clock, log }: ApplyDependencies, { keys }: KeyRing, master: MasterKey): Promise<void> {
  const given = { ...noGivenKeys, key: master.key.export().toString('base64') };
  const secrets = await openSecrets({ database, secretsFolder: '', given, clock: systemClock, log });
  const chatKeys = createChatKeys({ keyStore: database, secrets, clock });
  const owners = new Map<string, string>();
  for await (const { ownerId, keyId } of readSealedChats(database.query)) owners.set(keyId, ownerId);
  for (const { id, ownerId, key, createdAt } of keys)
    await chatKeys.restore({ id, ownerId: owners.get(id) ?? ownerId, key: createSecretKey(Buffer.from(key, 'base64')), createdAt });
}

async function countUnreadable({ query }: Database): Promise<number> {
  const keys = new Set((await query.selectFrom('chat_keys').select('id').execute()).map(({ id }) => id));
  let unreadable = 0;
  for await (const { keyId } of readSealedChats(query)) if (!keys.has(keyId)) unreadable++;
  return unreadable;
}

/** Gives a restored state the keys of its sealed chats, erases again who was erased since, and looks after this ring from now on. */
export async function applyKeyRing(dependencies: ApplyDependencies): Promise<AppliedRing> {
  const { database, opened, master, clock } = dependencies;
  if (opened === undefined) return { erasedAgain: 0, unreadableChats: await countUnreadable(database) };
  const { path, ring } = opened;
  const erasedAgain = await database.transaction(async (query) => {
    if (basename(path) === ringFileName(ring.id)) await addBackupFolder(query, dirname(path));
    return eraseAgain(query, ring, clock.now());
  });
  if (master !== undefined) await restoreKeys(dependencies, ring, master);
  return { erasedAgain, unreadableChats: await countUnreadable(database) };
}
