import { ClusterError, type ErasedPerson, type PersonExport } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { ChatStore } from '../../chats/chat-store.ts';
import type { Database } from '../../stores/database.ts';
import type { Audit } from '../audit/audit.ts';
import type { Caller } from '../caller.ts';
import type { ApiKeys } from '../keys/api-keys.ts';
import type { OpenedPeople } from '../people/open-people.ts';
import type { ChatKeys } from './chat-keys.ts';
import { type ErasedRows, eraseRowsOf, removeChats } from './erase-rows.ts';
import type { RingCopies } from './ring-copies.ts';

/** What the cluster knows of people: told, forgotten, and not kept longer than it must be. */
export interface Privacy {
  /** Everything that is stored about a person. `caller` sees the person's keys. Throws `person_not_found`. */
  exportPerson(idOrName: string, caller: Caller): Promise<PersonExport>;
  /**
   * Login, credentials, chats and keys go in one transaction, and the person's name out of the record of acts, where an id stays. Then the
   * key rings beside backups lose the keys of the person's chats. Throws `person_not_found`, `conflict` for the last admin and for oneself.
   */
  erase(idOrName: string, caller: Caller): Promise<ErasedPerson>;
  /** Removes chats that are too old, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PrivacyDependencies {
  readonly database: Database;
  readonly access: Pick<OpenedPeople, 'people' | 'sessions' | 'passkeys'>;
  readonly keys: Pick<ApiKeys, 'list' | 'refresh'>;
  readonly chats: Pick<ChatStore, 'get'>;
  readonly chatKeys: Pick<ChatKeys, 'forget'>;
  readonly keyRings: Pick<RingCopies, 'sync'>;
  readonly audit: Pick<Audit, 'read'>;
  /** 0: for ever. */
  readonly chatsDays: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Few enough that nobody waits long for their turn to write. */
const CHATS_AT_ONCE = 50;

const toTime = (ms: number) => new Date(ms).toISOString();

export function createPrivacy(dependencies: PrivacyDependencies): Privacy {
  const { database, access, keys, chats, chatKeys, keyRings, audit, chatsDays, clock, log } = dependencies;
  const { people, sessions, passkeys } = access;

  async function readChats(ownerId: string): Promise<PersonExport['chats']> {
    const rows = await database.query.selectFrom('chats').select('id').where('owner_id', '=', ownerId).orderBy('created_at').execute();
    const found: PersonExport['chats'] = [];
    for (const { id } of rows) found.push(await chats.get(id));
    return found;
  }
  async function readUse(subjects: readonly string[]): Promise<PersonExport['use']> {
    const rows = await database.query.selectFrom('usage_counters').selectAll().where('subject', 'in', subjects).orderBy('period').execute();
    return rows.map(({ subject, period, requests, tokens }) => ({ of: subject, period, requests, tokens }));
  }
  async function readIdentities(personId: string): Promise<PersonExport['identities']> {
    const rows = await database.query.selectFrom('external_identities').selectAll().where('person_id', '=', personId).execute();
    return rows.map(({ issuer, subject, created_at }) => ({ issuer, subject, createdAt: toTime(created_at) }));
  }

  /** Gives how many went; fewer than could go at once: no more are left. */
  async function removeOldChats(): Promise<number> {
    const oldest = clock.now() - chatsDays * DAY_MS;
    return database.transaction(async (query) => {
      const rows = await query.selectFrom('chats').select('id').where('updated_at', '<', oldest).limit(CHATS_AT_ONCE).execute();
      return removeChats(
        query,
        rows.map(({ id }) => id),
      );
    });
  }
  async function lookAfter(): Promise<void> {
    let removed = 0;
    for (let last = CHATS_AT_ONCE; last === CHATS_AT_ONCE; removed += last) last = await removeOldChats();
    if (removed > 0) log.info({ removed, days: chatsDays }, 'Old chats were removed');
  }

  return {
    async exportPerson(idOrName, caller) {
      const person = people.get(idOrName);
      const own = keys.list(caller).filter(({ createdBy }) => createdBy === person.id);
      return {
        exportedAt: toTime(clock.now()),
        person,
        identities: await readIdentities(person.id),
        passkeys: [...(await passkeys.list(person.id))],
        sessions: [...sessions.list(person.id, undefined)],
        keys: own,
        use: await readUse([person.id, ...own.map(({ id: keyId }) => keyId)]),
        chats: await readChats(person.id),
        audit: await Array.fromAsync(audit.read({ actor: person.id })),
      };
    },

    async erase(idOrName, caller) {
      const { id } = people.get(idOrName);
      if (caller.ownerId === id)
        throw new ClusterError('conflict', 'You cannot erase yourself: nobody could be told what became of it.', {
          hint: 'Ask another admin, or use the command line on the machine of the cluster.',
        });
      let counts: ErasedRows = { chats: 0, keys: 0 };
      await people.remove(id, async (query) => {
        counts = await eraseRowsOf(query, id, clock.now());
      });
      await keys.refresh();
      chatKeys.forget();
      await database.scrub();
      const { paths, unreached } = await keyRings.sync();
      return { id, ...counts, keyRings: { rewritten: paths.length, unreached: [...unreached] } };
    },

    async run(signal) {
      while (chatsDays > 0 && !signal.aborted) {
        await lookAfter().catch((error: unknown) => log.error({ err: error }, 'Old chats could not be removed'));
        await clock.sleep(HOUR_MS, signal).catch(() => {});
      }
    },
  };
}
