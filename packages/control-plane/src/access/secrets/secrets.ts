import { ClusterError, type DataKey, type SecretsStatus } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Database } from '../../stores/database.ts';
import type { DataKeyRow } from '../../stores/tables.ts';
import { createDataKeys, type MasterKeys, rotationDue } from './data-keys.ts';
import { findPreviousKey, type MasterKey, newMasterKey } from './master-key.ts';
import { type MasterKeyDependencies, openMasterKey, rewrap } from './open-master-key.ts';
import { createRotations } from './rotations.ts';
import { openBytes, readSealHeader, type SealContext, sealBytes } from './sealed-bytes.ts';
import { type SealedColumn, sealedColumns } from './sealed-columns.ts';

/** Longer than anybody takes between sealing a value and writing it down: the old key is kept that long. */
const SETTLE_MS = 60_000;

/** Seals and opens what lies in the database, and replaces the keys for that. */
export interface Secrets {
  /** For exactly this place. Not within a transaction: it may write. Throws `database_unavailable`. */
  seal(purpose: string, context: SealContext, plaintext: Uint8Array): Promise<Buffer>;
  /** Throws `secret_unreadable` when the bytes were changed, come from another place, or their key is gone. */
  open(purpose: string, context: SealContext, sealed: Uint8Array): Promise<Buffer>;
  describe(): Promise<Omit<SecretsStatus, 'secrets' | 'chats'>>;
  /** A new data key for one purpose or all: it seals from now on, and `run` seals anew what is there. Throws `conflict` while that goes on. */
  rotateDataKeys(purpose?: string): Promise<void>;
  /** A new key file; the earlier one is kept aside, for the backups that were made with it. Throws `conflict` where the key is no file. */
  rotateMasterKey(): Promise<void>;
  /** Without its key nobody can open any more what was sealed for a purpose. */
  destroy(purpose: string): Promise<void>;
  /** Works with the master key, which is not replaced meanwhile. */
  withMasterKey<T>(work: (master: MasterKey) => Promise<T>): Promise<T>;
  /** One that this cluster has or had; `undefined` for any other, and for one that was given from outside and is not any more. */
  findMasterKey(id: string): MasterKey | undefined;
  /** Does the work of rotations until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface SecretsDependencies extends MasterKeyDependencies {
  readonly clock: Clock;
  /** Where data keys are made and their uses counted: that is no act of whoever has something sealed. The same database, if not given. */
  readonly keyStore?: Database;
  readonly columns?: readonly SealedColumn[];
  /** How long the old version of a data key is kept after everything was sealed anew. */
  readonly settleMs?: number;
}

function unreadable({ table, column, row }: SealContext): ClusterError {
  return new ClusterError('secret_unreadable', `What is sealed in ${table}.${column} for "${row.slice(0, 100)}" cannot be opened.`, {
    hint: 'It was changed from outside, or its key is gone. Set it again, or restore a backup.',
  });
}

const toTime = (ms: number) => new Date(ms).toISOString();

/** Rows in the order of purpose and version. */
function toDataKeys(rows: readonly DataKeyRow[], now: number): DataKey[] {
  const newest = new Map(rows.map(({ purpose, version }) => [purpose, version]));
  return rows.map((row) => {
    const isActive = newest.get(row.purpose) === row.version;
    const { purpose, version, uses, created_at } = row;
    return { purpose, version, createdAt: toTime(created_at), uses, isActive, rotationDue: isActive ? rotationDue(row, now) : 'no' };
  });
}

/** Opens the keys of the cluster; see `openMasterKey` for what may be wrong with them. */
export async function openSecrets(dependencies: SecretsDependencies): Promise<Secrets> {
  const { database, keyStore = database, given, clock, log, columns = sealedColumns, settleMs = SETTLE_MS } = dependencies;
  const { master: first, source, files } = await openMasterKey(dependencies);
  let current = first;
  let next: MasterKey | undefined;
  let holders = 0;
  const masters: MasterKeys = {
    current: () => current,
    find: (id) => [current, next].find((master) => master?.id === id),
  };
  const keys = createDataKeys(keyStore, masters, clock);
  const rotations = createRotations({ database, keys, masters, columns, settleMs, clock, log });
  const readMasterRow = () => database.query.selectFrom('master_keys').select(['id', 'created_at']).executeTakeFirst();

  function checkPlace({ table, column }: SealContext): void {
    if (!columns.some((place) => place.table === table && place.column === column))
      throw new Error(`Nobody would seal ${table}.${column} anew: add it to sealed-columns.ts.`);
  }

  async function checkReplaceable(): Promise<void> {
    if (source !== 'file')
      throw new ClusterError('conflict', 'The master key is not a file of this cluster, so the cluster cannot replace it by itself.', {
        hint: 'Start once with the new key, and the old one beside it as CLUSTER_AI_KEY_PREVIOUS or as the credential cluster-ai-key-previous.',
      });
    if (holders > 0 || next !== undefined)
      throw new ClusterError('conflict', 'The master key is in use, by a backup or by another replacement.', {
        hint: 'Try again when that is done.',
      });
    if ((await readMasterRow())?.id !== current.id)
      throw new ClusterError('conflict', 'An earlier replacement of the master key was cut off.', {
        hint: 'Start the cluster again: that finishes it.',
      });
  }

  return {
    async seal(purpose, context, plaintext) {
      checkPlace(context);
      const { key, version } = await keys.take(purpose);
      return sealBytes(key, { purpose, version }, context, plaintext);
    },

    async open(purpose, context, sealed) {
      const header = readSealHeader(sealed);
      const key = header?.purpose === purpose ? await keys.find(purpose, header.version) : undefined;
      const plaintext = key && openBytes(key, context, sealed);
      if (plaintext === undefined) throw unreadable(context);
      return plaintext;
    },

    async describe() {
      const row = await readMasterRow();
      const rows = await database.query.selectFrom('data_keys').selectAll().orderBy('purpose').orderBy('version').execute();
      return {
        masterKey: { id: row?.id ?? current.id, source, createdAt: toTime(row?.created_at ?? 0) },
        dataKeys: toDataKeys(rows, clock.now()),
        rotations: [...(await rotations.list())],
      };
    },

    rotateDataKeys: (purpose) => rotations.start(purpose),

    async rotateMasterKey() {
      await checkReplaceable();
      const before = current;
      next = newMasterKey();
      try {
        files.writeNext(next); // on the disk before anything is wrapped with it
        await rewrap(database, before, next, clock.now());
        files.promoteNext();
        current = next;
      } finally {
        next = undefined;
      }
      log.info({ masterKey: current.id, before: before.id }, 'The master key was replaced');
    },

    async destroy(purpose) {
      const gone = await database.transaction(async (transaction) => {
        await transaction.deleteFrom('key_rotations').where('purpose', '=', purpose).execute();
        const rows = await transaction.selectFrom('data_keys').select('version').where('purpose', '=', purpose).execute();
        await transaction.deleteFrom('data_keys').where('purpose', '=', purpose).execute();
        return rows;
      });
      for (const { version } of gone) keys.forget(purpose, version);
    },

    async withMasterKey(work) {
      holders++;
      try {
        return await work(current);
      } finally {
        holders--;
      }
    },

    findMasterKey(id) {
      const known = [current, next, findPreviousKey(given)].find((master) => master?.id === id);
      return known ?? (/^[0-9a-f]{16}$/.test(id) ? files.readRetired(id) : undefined);
    },

    run: (signal) => rotations.run(signal),
  };
}
