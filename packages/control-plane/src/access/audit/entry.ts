import type { AuditEntry } from '@cluster-ai/contracts';
import type { AuditEntryRow } from '../../stores/tables.ts';
import type { Actor } from './act.ts';
import { toCanonicalJson } from './canonical-json.ts';

/** What somebody wants to have written down. */
export interface EntryDraft {
  readonly actor: Actor;
  readonly address: string;
  readonly action: string;
  readonly target: string;
  readonly result: AuditEntry['result'];
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string;
  readonly count: number;
  readonly atMs: number;
}

const MOST_TEXT = 500;
const MOST_DETAILS = 8192;

/**
 * Text that both databases give back as it was given: neither keeps half of a character, and PostgreSQL keeps no NUL. Of what callers may
 * choose the length of, only so much is kept.
 */
export const toStoredText = (text: string): string => text.slice(0, MOST_TEXT).toWellFormed().replaceAll('\0', '\ufffd');

function toDetailsJson(details: Readonly<Record<string, unknown>>): string {
  const json = toCanonicalJson(JSON.parse(JSON.stringify(details)));
  return json.length <= MOST_DETAILS ? json : toCanonicalJson({ omittedCharacters: json.length });
}

export type UnhashedRow = Omit<AuditEntryRow, 'hash'>;

export const toRow = (sequence: number, draft: EntryDraft): UnhashedRow => ({
  sequence,
  at: draft.atMs,
  actor_kind: draft.actor.kind,
  actor_id: toStoredText(draft.actor.id),
  actor_name: draft.actor.kind === 'person' ? '' : toStoredText(draft.actor.name),
  actor_role: toStoredText(draft.actor.role),
  address: toStoredText(draft.address),
  action: toStoredText(draft.action),
  target: toStoredText(draft.target),
  result: draft.result,
  details_json: toDetailsJson(draft.details),
  request_id: toStoredText(draft.requestId),
  count: draft.count,
});

export const toUnhashedEntry = (row: UnhashedRow): Omit<AuditEntry, 'hash'> => ({
  sequence: row.sequence,
  at: new Date(row.at).toISOString(),
  actor: { kind: row.actor_kind as Actor['kind'], id: row.actor_id, name: row.actor_name, role: row.actor_role },
  address: row.address,
  action: row.action,
  target: row.target,
  result: row.result,
  details: JSON.parse(row.details_json) as Record<string, unknown>,
  requestId: row.request_id,
  count: row.count,
});

/** A row with the name that its person has, or had. */
export type NamedRow = AuditEntryRow & { readonly known_name: string | null };

export function toEntry(row: NamedRow): AuditEntry {
  const entry = toUnhashedEntry(row);
  return { ...entry, actor: { ...entry.actor, name: entry.actor.name || (row.known_name ?? '') }, hash: row.hash };
}
