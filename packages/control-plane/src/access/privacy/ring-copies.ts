import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import { createTurns } from '../../stores/turns.ts';
import type { MasterKey } from '../secrets/master-key.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { ChatKeys } from './chat-keys.ts';
import { isSameRing, type KeyRing, mergeKeyRings } from './key-ring.ts';
import { readRingFile, ringFileName, writeRingFile } from './ring-file.ts';

const SETTING = 'privacy.key-ring';
const LOOK_EVERY_MS = 60_000;
const SYNC_EVERY_MS = 60 * 60_000;
/** A network disk that hangs must not keep whoever erases somebody. */
const FOLDER_TIMEOUT_MS = 10_000;

export interface RingSync {
  /** Files that are as they should be. */
  readonly paths: readonly string[];
  /** Folders where that could not be seen to. */
  readonly unreached: readonly string[];
}

/** The key ring beside each backup: the one place outside of the database where keys of chats lie. */
export interface RingCopies {
  /** The ring as it is now. */
  read(): Promise<KeyRing>;
  /** Notes that backups lie in this folder, before one is made, so that it says so itself. Gives the id of the ring. */
  addFolder(path: string): Promise<string>;
  /** Writes the ring there. Gives its path. Throws what the file system throws. */
  writeTo(folder: string): Promise<string>;
  /** Brings all of them up to date. What was not reached is told, and tried again. */
  sync(): Promise<RingSync>;
  /** Has them brought up to date soon, and waits for nothing. */
  request(): void;
  /** Keeps them up to date until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RingCopiesDependencies {
  readonly database: Database;
  readonly keys: Pick<ChatKeys, 'list'>;
  readonly secrets: Pick<Secrets, 'withMasterKey' | 'findMasterKey'>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface UpdatedRing {
  readonly path: string;
  /** Before: a ring is made new where there was none. */
  readonly wasThere: boolean;
}

/** Made once, and in every backup: what is restored goes on with the same ring. */
async function readRingId(database: Database, now: number): Promise<string> {
  return database.transaction(async (transaction) => {
    const row = await transaction.selectFrom('settings').select('value_json').where('key', '=', SETTING).executeTakeFirst();
    if (row !== undefined) return JSON.parse(row.value_json) as string;
    const id = randomBytes(8).toString('hex');
    await transaction
      .insertInto('settings')
      .values({ key: SETTING, value_json: JSON.stringify(id), updated_at: now, revision: 1 })
      .execute();
    return id;
  });
}

export async function addBackupFolder(query: Query, path: string): Promise<void> {
  await query
    .insertInto('backup_folders')
    .values({ path })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function createRingCopies({ database, keys, secrets, clock, log }: RingCopiesDependencies): RingCopies {
  const turns = createTurns();
  let syncedWith = '';
  let syncedAt = 0;
  let wake = new AbortController();
  let ringId: string | undefined;
  const currentMaster = () => secrets.withMasterKey(async (master) => master);

  async function getId(): Promise<string> {
    ringId ??= await readRingId(database, clock.now());
    return ringId;
  }

  async function read(): Promise<KeyRing> {
    const id = await getId();
    const erased = await database.query.selectFrom('erased_people').selectAll().orderBy('person_id').execute();
    const found = await keys.list();
    return {
      id,
      keys: found.map(({ id: keyId, ownerId, key, createdAt }) => ({
        id: keyId,
        ownerId,
        key: key.export().toString('base64'),
        createdAt,
      })),
      erased: erased.map((row) => ({ id: row.person_id, keyIds: JSON.parse(row.key_ids_json) as string[], at: row.erased_at })),
    };
  }

  /** What does not open is kept under another name: it may hold keys that nobody else has. */
  async function moveAside(path: string): Promise<void> {
    const aside = `${path}.unreadable-${clock.now()}`;
    await rename(path, aside);
    log.error({ path, aside }, 'A key ring does not open with the keys of this cluster and was put aside');
  }

  async function update(folder: string, mine: KeyRing, master: MasterKey): Promise<UpdatedRing> {
    const path = join(folder, ringFileName(mine.id));
    const found = await readRingFile(path, secrets.findMasterKey);
    if (found.state === 'locked' || found.state === 'damaged') await moveAside(path);
    const wanted = mergeKeyRings(mine, found.state === 'open' ? found.ring : mine);
    const wasThere = found.state !== 'absent';
    if (found.state === 'open' && found.masterKeyId === master.id && isSameRing(found.ring, wanted)) return { path, wasThere };
    return { path: await writeRingFile(folder, wanted, master), wasThere };
  }

  /**
   * `undefined` where a ring may still have what should be gone: the folder does not answer, one was put aside there, or the ring that was
   * there is not (its disk may be away, and come back).
   */
  async function reach(folder: string, mine: KeyRing, master: MasterKey): Promise<string | undefined> {
    const stop = new AbortController();
    const tooLong = clock.sleep(FOLDER_TIMEOUT_MS, stop.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      const updated = await Promise.race([update(folder, mine, master), tooLong]);
      if (updated === undefined || !updated.wasThere) return undefined;
      const aside = (await readdir(folder)).some((name) => name.startsWith(`${ringFileName(mine.id)}.unreadable-`));
      return aside ? undefined : updated.path;
    } catch (error) {
      log.warn({ folder, err: error }, 'The key ring beside backups could not be brought up to date; it is tried again');
      return undefined;
    } finally {
      stop.abort();
    }
  }

  async function sync(): Promise<RingSync> {
    const done = await turns.take();
    try {
      const [mine, master] = [await read(), await currentMaster()];
      const folders = await database.query.selectFrom('backup_folders').select('path').orderBy('path').execute();
      const reached = await Promise.all(folders.map(async ({ path }) => ({ folder: path, ring: await reach(path, mine, master) })));
      [syncedWith, syncedAt] = [master.id, clock.now()];
      return {
        paths: reached.flatMap(({ ring }) => ring ?? []),
        unreached: reached.filter(({ ring }) => ring === undefined).map(({ folder }) => folder),
      };
    } finally {
      done();
    }
  }

  return {
    read,
    sync,

    async addFolder(path) {
      const id = await getId();
      await database.transaction((transaction) => addBackupFolder(transaction, path));
      return id;
    },

    async writeTo(folder) {
      const done = await turns.take();
      try {
        return (await update(folder, await read(), await currentMaster())).path;
      } finally {
        done();
      }
    },

    request() {
      syncedWith = '';
      wake.abort();
    },

    async run(signal) {
      while (!signal.aborted) {
        wake = new AbortController();
        const isDue = clock.now() - syncedAt >= SYNC_EVERY_MS;
        if (isDue || (await currentMaster()).id !== syncedWith)
          await sync().catch((error: unknown) => log.error({ err: error }, 'Key rings could not be brought up to date'));
        await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([signal, wake.signal])).catch(() => {});
      }
    },
  };
}
