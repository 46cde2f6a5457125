import { randomBytes } from 'node:crypto';
import { type Clock, newId } from '@cluster-ai/runtime';
import type { Secrets } from '../../access/secrets/secrets.ts';
import type { Database } from '../../stores/database.ts';

/** The keys that sign addresses of blobs: the same for all control planes on one database, sealed there. */
export interface BlobUrlKeys {
  /** The newest; made when there is none, or when it is old. */
  forSigning(): Promise<{ readonly id: string; readonly key: Uint8Array }>;
  /** One of ours by its id. */
  forChecking(id: string): Promise<Uint8Array | undefined>;
}

export interface BlobUrlKeysDependencies {
  readonly database: Database;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly clock: Pick<Clock, 'now'>;
}

const DAY_MS = 24 * 60 * 60_000;
const SIGNS_FOR_MS = 30 * DAY_MS;
/** Longer than any address is good for. */
const CHECKS_FOR_MS = SIGNS_FOR_MS + 2 * DAY_MS;
/** Anybody can name a key that there is not: how often the database is asked for that. */
const ASK_AGAIN_MS = 5000;
const PURPOSE = 'blob-urls';

const placeOf = (id: string) => ({ table: 'blob_url_keys', column: 'sealed', row: id });

interface KnownKey {
  readonly id: string;
  readonly key: Uint8Array;
  readonly createdAt: number;
}

export function createBlobUrlKeys({ database, secrets, clock }: BlobUrlKeysDependencies): BlobUrlKeys {
  let known: readonly KnownKey[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let adding: Promise<void> | undefined;
  const ageOf = ({ createdAt }: KnownKey) => clock.now() - createdAt;

  async function read(): Promise<void> {
    readAt = clock.now();
    const rows = await database.query.selectFrom('blob_url_keys').selectAll().orderBy('created_at').orderBy('id').execute();
    known = await Promise.all(
      rows.map(async ({ id, sealed, created_at: createdAt }) => {
        const opened = known.find((each) => each.id === id)?.key;
        return { id, createdAt, key: opened ?? (await secrets.open(PURPOSE, placeOf(id), sealed)) };
      }),
    );
  }

  async function add(): Promise<void> {
    const id = newId('urlkey', clock.now());
    const sealed = await secrets.seal(PURPOSE, placeOf(id), randomBytes(32));
    await database.transaction(async (transaction) => {
      await transaction
        .deleteFrom('blob_url_keys')
        .where('created_at', '<', clock.now() - CHECKS_FOR_MS)
        .execute();
      await transaction.insertInto('blob_url_keys').values({ id, sealed, created_at: clock.now() }).execute();
    });
    await read();
  }

  const newest = () => known.filter((each) => ageOf(each) < SIGNS_FOR_MS).at(-1);
  return {
    async forSigning() {
      if (!newest()) await read();
      if (!newest()) {
        adding ??= add().finally(() => {
          adding = undefined;
        });
        await adding;
      }
      const found = newest();
      if (!found) throw new Error('A key for addresses of blobs was written and is not there.');
      return found;
    },
    async forChecking(id) {
      const find = () => known.find((each) => each.id === id && ageOf(each) < CHECKS_FOR_MS)?.key;
      if (!find() && clock.now() - readAt >= ASK_AGAIN_MS) await read();
      return find();
    },
  };
}
