import { ClusterError, type PutSecret, type Secret } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Database } from '../../stores/database.ts';
import type { SecretRow } from '../../stores/tables.ts';
import { readSealHeader } from './sealed-bytes.ts';
import type { Secrets } from './secrets.ts';

/** The purpose of the data key that seals all of them. */
const KEY_PURPOSE = 'named-secrets';

const contextOf = (name: string) => ({ table: 'secrets', column: 'sealed', row: name });

const toSecret = ({ name, purpose, sealed, created_at, changed_at }: SecretRow): Secret => ({
  name,
  purpose: purpose as Secret['purpose'],
  createdAt: new Date(created_at).toISOString(),
  changedAt: new Date(changed_at).toISOString(),
  keyVersion: readSealHeader(sealed)?.version ?? 0,
});

const notFound = (name: string) =>
  new ClusterError('secret_not_found', `There is no secret "${name.slice(0, 100)}".`, {
    hint: 'Those that there are: cluster-ai secrets ls',
  });

/** Tokens, passwords and keys of other systems, by name. */
export interface NamedSecrets {
  /** Everything but the values, by name. */
  list(): Promise<readonly Secret[]>;
  /** The value. Throws `secret_not_found`, `secret_unreadable`. */
  get(name: string): Promise<string>;
  /** Adds one or replaces its value. */
  put(name: string, secret: PutSecret): Promise<Secret>;
  /** Throws `secret_not_found`. */
  remove(name: string): Promise<void>;
}

export function createNamedSecrets({
  database,
  secrets,
  clock,
}: {
  readonly database: Database;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly clock: Pick<Clock, 'now'>;
}): NamedSecrets {
  const find = (query: Database['query'], name: string) =>
    query.selectFrom('secrets').selectAll().where('name', '=', name).executeTakeFirst();
  return {
    async list() {
      const rows = await database.query.selectFrom('secrets').selectAll().orderBy('name').execute();
      return rows.map(toSecret);
    },

    async get(name) {
      const row = await find(database.query, name);
      if (row === undefined) throw notFound(name);
      return (await secrets.open(KEY_PURPOSE, contextOf(name), row.sealed)).toString('utf8');
    },

    async put(name, { value, purpose }) {
      const sealed = await secrets.seal(KEY_PURPOSE, contextOf(name), Buffer.from(value, 'utf8'));
      const now = clock.now();
      return database.transaction(async (transaction) => {
        const before = await find(transaction, name);
        const row: SecretRow = {
          name,
          purpose: purpose ?? before?.purpose ?? 'other',
          sealed,
          created_at: before?.created_at ?? now,
          changed_at: now,
          revision: (before?.revision ?? 0) + 1,
        };
        if (before === undefined) await transaction.insertInto('secrets').values(row).execute();
        else await transaction.updateTable('secrets').set(row).where('name', '=', name).execute();
        return toSecret(row);
      });
    },

    async remove(name) {
      const result = await database.transaction((transaction) =>
        transaction.deleteFrom('secrets').where('name', '=', name).executeTakeFirst(),
      );
      if (Number(result.numDeletedRows) === 0) throw notFound(name);
    },
  };
}
