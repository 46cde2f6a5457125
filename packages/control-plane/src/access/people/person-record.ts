import { type KeyLimits, keyLimitsShape, type Person, type Role } from '@cluster-ai/contracts';
import { z } from 'zod';
import type { PersonRow } from '../../stores/tables.ts';
import type { Quota } from '../quotas/limits.ts';

/** How the id of a person begins; whatever else owns something is this machine's owner. */
export const PERSON_PREFIX = 'person_';

export interface PersonRecord {
  readonly id: string;
  readonly kind: Person['kind'];
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly role: Role;
  readonly state: Person['state'];
  readonly passwordHash: string | null;
  readonly hasTotp: boolean;
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
  /** Undefined: all. */
  readonly models: readonly string[] | undefined;
  readonly limits: KeyLimits;
}

const modelsShape = z.array(z.string());
/** What cannot be read (a newer program wrote it) gives no model, never all. */
const toModels = (json: string | null) => (json === null ? undefined : (modelsShape.safeParse(JSON.parse(json)).data ?? []));
/** As a newer program may have written it: limits that are not known here are left out. */
export const toLimits = (json: string): KeyLimits => keyLimitsShape.strip().parse(JSON.parse(json));

export const toPersonRecord = (row: PersonRow, hasTotp: boolean): PersonRecord => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  displayName: row.display_name,
  email: row.email,
  role: row.role,
  state: row.state,
  passwordHash: row.password_hash,
  hasTotp,
  createdAt: row.created_at,
  lastSignInAt: row.last_sign_in_at,
  models: toModels(row.models_json),
  limits: toLimits(row.limits_json),
});

/** What all of a person's sessions and keys use together. */
export const toQuota = ({ id, name, limits }: PersonRecord): Quota => ({ subject: id, name, limits });

const toTime = (ms: number) => new Date(ms).toISOString();

/** What may be told of a person. */
export const toPerson = (record: PersonRecord): Person => ({
  id: record.id,
  kind: record.kind,
  name: record.name,
  displayName: record.displayName,
  email: record.email,
  role: record.role,
  state: record.state,
  hasPassword: record.passwordHash !== null,
  hasTotp: record.hasTotp,
  createdAt: toTime(record.createdAt),
  lastSignInAt: record.lastSignInAt === null ? null : toTime(record.lastSignInAt),
  models: record.models === undefined ? null : [...record.models],
  limits: record.limits,
});
