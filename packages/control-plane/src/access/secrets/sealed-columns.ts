import type { Tables } from '../../stores/tables.ts';

/** A column that holds sealed bytes, and the one that tells its rows apart. */
export interface SealedColumn {
  readonly table: keyof Tables;
  readonly column: string;
  /** Text, and unique. */
  readonly row: string;
}

/**
 * Every place in the database that holds sealed bytes. Replacing a data key goes through these and no others, so nothing can be sealed
 * for a place that is not here.
 */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'secrets', column: 'sealed', row: 'name' },
  { table: 'totp_seeds', column: 'seed', row: 'person_id' },
  { table: 'token_keys', column: 'sealed', row: 'id' },
  { table: 'chat_keys', column: 'wrapped', row: 'id' },
  { table: 'outbox', column: 'sealed', row: 'id' },
  { table: 'blob_url_keys', column: 'sealed', row: 'id' },
];
