import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Clock, newId } from '@cluster-ai/runtime';
import type { Database } from '../../stores/database.ts';
import type { TokenKeyRow } from '../../stores/tables.ts';
import type { SecretBox } from './secret-box.ts';

/** The Ed25519 keys that sign access tokens: the same for all control planes on one database, the private halves sealed. */
export interface TokenKeys {
  /** The newest; made when there is none, or when it is old. */
  forSigning(): Promise<{ readonly id: string; readonly key: KeyObject }>;
  /** One of ours by its id, and no other: whatever else a token says about its key is not looked at. */
  forChecking(id: string): Promise<KeyObject | undefined>;
}

const DAY_MS = 24 * 60 * 60_000;
const SIGNS_FOR_MS = 30 * DAY_MS;
/** Longer than any token lives. */
const CHECKS_FOR_MS = SIGNS_FOR_MS + DAY_MS;
/** Anybody can name a key that there is not: how often the database is asked for that. */
const ASK_AGAIN_MS = 5000;
const PURPOSE = 'tokens';

const placeOf = (id: string) => ({ table: 'token_keys', column: 'sealed', row: id });

export interface TokenKeysDependencies {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

export function createTokenKeys({ database, secrets, clock }: TokenKeysDependencies): TokenKeys {
  let rows: readonly TokenKeyRow[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let adding: Promise<void> | undefined;
  const privateKeys = new Map<string, KeyObject>();
  const publicKeys = new Map<string, KeyObject>();

  /** Whoever asks while the keys are being read waits for them, rather than hear that there are none. */
  function read(): Promise<void> {
    reading ??= readNow().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function readNow(): Promise<void> {
    readAt = clock.now();
    const found = await database.query.selectFrom('token_keys').selectAll().orderBy('created_at').execute();
    rows = found;
    publicKeys.clear();
    for (const { id, public_json, created_at } of found)
      if (clock.now() - created_at < CHECKS_FOR_MS) publicKeys.set(id, createPublicKey({ key: JSON.parse(public_json), format: 'jwk' }));
  }
  const isFresh = (row: TokenKeyRow | undefined) => row !== undefined && clock.now() - row.created_at < SIGNS_FOR_MS;

  async function add(): Promise<void> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const id = newId('key', clock.now());
    const sealed = await secrets.seal(PURPOSE, placeOf(id), privateKey.export({ format: 'der', type: 'pkcs8' }));
    await database.transaction(async (query) => {
      await query
        .deleteFrom('token_keys')
        .where('created_at', '<', clock.now() - CHECKS_FOR_MS)
        .execute();
      await query
        .insertInto('token_keys')
        .values({ id, public_json: JSON.stringify(publicKey.export({ format: 'jwk' })), sealed, created_at: clock.now() })
        .execute();
    });
    await reading; // one that began before does not see it
    await read();
  }
  /** From the database as it is now: the row in memory may be older than the data key that seals it today. */
  async function openPrivate(id: string): Promise<KeyObject> {
    const known = privateKeys.get(id);
    if (known !== undefined) return known;
    const { sealed } = await database.query.selectFrom('token_keys').select('sealed').where('id', '=', id).executeTakeFirstOrThrow();
    const key = createPrivateKey({ key: await secrets.open(PURPOSE, placeOf(id), sealed), format: 'der', type: 'pkcs8' });
    privateKeys.set(id, key);
    return key;
  }

  return {
    async forSigning() {
      if (!isFresh(rows.at(-1))) await read();
      if (!isFresh(rows.at(-1))) {
        adding ??= add().finally(() => {
          adding = undefined;
        });
        await adding;
      }
      const row = rows.at(-1);
      if (row === undefined) throw new Error('A key for tokens was written and is not there.');
      return { id: row.id, key: await openPrivate(row.id) };
    },
    async forChecking(id) {
      if (!publicKeys.has(id) && (reading !== undefined || clock.now() - readAt >= ASK_AGAIN_MS)) await read();
      return publicKeys.get(id);
    },
  };
}
