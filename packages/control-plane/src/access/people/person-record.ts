import type { Person, Role } from '@cluster-ai/contracts';
import type { PersonRow } from '../../stores/tables.ts';

export interface PersonRecord {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly role: Role;
  readonly state: Person['state'];
  readonly passwordHash: string | null;
  readonly hasTotp: boolean;
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
}

export const toPersonRecord = (row: PersonRow, hasTotp: boolean): PersonRecord => ({
  id: row.id,
  name: row.name,
  displayName: row.display_name,
  email: row.email,
  role: row.role,
  state: row.state,
  passwordHash: row.password_hash,
  hasTotp,
  createdAt: row.created_at,
  lastSignInAt: row.last_sign_in_at,
});

const toTime = (ms: number) => new Date(ms).toISOString();

/** What may be told of a person. */
export const toPerson = (record: PersonRecord): Person => ({
  id: record.id,
  name: record.name,
  displayName: record.displayName,
  email: record.email,
  role: record.role,
  state: record.state,
  hasPassword: record.passwordHash !== null,
  hasTotp: record.hasTotp,
  createdAt: toTime(record.createdAt),
  lastSignInAt: record.lastSignInAt === null ? null : toTime(record.lastSignInAt),
});
