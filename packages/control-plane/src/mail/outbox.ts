import { type Clock, newId } from '@cluster-ai/runtime';
import type { SecretBox } from '../access/people/secret-box.ts';
import type { Database, Query } from '../stores/database.ts';
import type { OutboxRow } from '../stores/tables.ts';
import type { Letter } from './compose-letter.ts';

/** A letter, and whom the audit record names as the one that it is about. Addresses are in no record: they could not be forgotten. */
export interface PostedLetter extends Letter {
  readonly target: string;
  /** Of the link in it: once that is used or replaced, nobody wants the letter. */
  readonly linkId: string;
}

const PURPOSE = 'mail';
/** At most so many at a time: a mail server is not asked for everything at once. */
const AT_ONCE = 10;

const placeOf = (id: string) => ({ table: 'outbox', column: 'sealed', row: id });

export interface OutboxDependencies {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

/** Letters that wait, in the database: sealed, since a link is as good as a password until it is used. */
export function createOutbox({ database, secrets, clock }: OutboxDependencies) {
  const update = (id: string, changes: Partial<OutboxRow>) =>
    database.transaction((transaction) => transaction.updateTable('outbox').set(changes).where('id', '=', id).execute());

  return {
    /** Not within a transaction: it seals. */
    async prepare({ target, linkId, ...letter }: PostedLetter): Promise<OutboxRow> {
      const id = newId('letter', clock.now());
      const sealed = await secrets.seal(PURPOSE, placeOf(id), Buffer.from(JSON.stringify(letter)));
      const { kind, expiresAtMs } = letter;
      return { id, kind, target, link_id: linkId, sealed, tries: 0, next_at: clock.now(), expires_at: expiresAtMs };
    },
    async store(transaction: Query, row: OutboxRow): Promise<void> {
      await transaction.insertInto('outbox').values(row).execute();
    },
    /** Throws `secret_unreadable`. */
    async open({ id, sealed }: OutboxRow): Promise<Letter> {
      return JSON.parse((await secrets.open(PURPOSE, placeOf(id), sealed)).toString('utf8')) as Letter;
    },

    listDue: (): Promise<OutboxRow[]> =>
      database.query.selectFrom('outbox').selectAll().where('next_at', '<=', clock.now()).orderBy('next_at').limit(AT_ONCE).execute(),
    /** When the next one is due; `undefined` while none waits. */
    async nextAt(): Promise<number | undefined> {
      const row = await database.query.selectFrom('outbox').select('next_at').orderBy('next_at').limit(1).executeTakeFirst();
      return row?.next_at;
    },
    /** Whether the link in it can still be used, its age apart. */
    async isWanted({ link_id }: OutboxRow): Promise<boolean> {
      const link = await database.query.selectFrom('one_use_links').select('used_at').where('id', '=', link_id).executeTakeFirst();
      return link !== undefined && link.used_at === null;
    },
    /** Takes it for a while. False: another control plane was faster. If nothing more is heard of it, it is due again after that. */
    claim: ({ id, next_at, tries }: OutboxRow, until: number): Promise<boolean> =>
      database.transaction(async (transaction) => {
        const taken = await transaction
          .updateTable('outbox')
          .set({ next_at: until, tries: tries + 1 })
          .where('id', '=', id)
          .where('next_at', '=', next_at)
          .executeTakeFirst();
        return taken.numUpdatedRows > 0n;
      }),
    postpone: ({ id }: OutboxRow, until: number) => update(id, { next_at: until }),
    async remove({ id }: OutboxRow): Promise<void> {
      await database.transaction((transaction) => transaction.deleteFrom('outbox').where('id', '=', id).execute());
    },
  };
}
export type Outbox = ReturnType<typeof createOutbox>;
