import { timingSafeEqual } from 'node:crypto';
import { ClusterError, type OneUseLink, type Role } from '@cluster-ai/contracts';
import { type Clock, newId } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import type { OneUseLinkRow } from '../../stores/tables.ts';
import { hashSecret, newSecretToken } from './secret-token.ts';

type Kind = OneUseLinkRow['kind'];

export interface LinkWish {
  readonly kind: Kind;
  readonly role?: Role;
  readonly personId?: string;
  readonly createdBy: string;
  readonly ttlMs: number;
}

/** Pages of the web UI that take a link. The token stands behind the `#`: it is in no log and in no `Referer`. */
const pages: Readonly<Record<Kind, string>> = { setup: '/ui/setup', invitation: '/ui/invitation', password: '/ui/password' };
const KEEP_MS = 30 * 24 * 60 * 60_000;

const invalid = () =>
  new ClusterError('link_invalid', 'This link was used, has expired, or was never made here.', {
    hint: 'Ask an admin for a new one.',
  });

/** A link before anybody can use it. */
export interface NewLink {
  readonly row: OneUseLinkRow;
  /** With its secret, which is told once and stored as a hash. */
  readonly told: OneUseLink;
}

export function newLink(wish: LinkWish, clock: Pick<Clock, 'now'>): NewLink {
  const now = clock.now();
  const id = newId('link', now);
  const secret = newSecretToken();
  const expiresAt = now + wish.ttlMs;
  const row: OneUseLinkRow = {
    id,
    kind: wish.kind,
    secret_hash: hashSecret(secret),
    role: wish.role ?? null,
    person_id: wish.personId ?? null,
    created_by: wish.createdBy,
    created_at: now,
    expires_at: expiresAt,
    used_at: null,
  };
  const token = `${id.slice('link_'.length)}.${secret}`;
  return { row, told: { token, path: `${pages[wish.kind]}#${token}`, expiresAt: new Date(expiresAt).toISOString() } };
}

/** From now on it works. */
export async function storeLink(query: Query, { row }: NewLink): Promise<void> {
  await query
    .deleteFrom('one_use_links')
    .where('expires_at', '<', row.created_at - KEEP_MS)
    .execute();
  await query.insertInto('one_use_links').values(row).execute();
}

/** Makes a link within a transaction. */
export async function addLink(query: Query, wish: LinkWish, clock: Clock): Promise<OneUseLink> {
  const link = newLink(wish, clock);
  await storeLink(query, link);
  return link.told;
}

/** What the link is for, whoever knows its secret. Throws `link_invalid` for all others, with one text for every reason. */
export async function findLink(query: Query, kind: Kind, token: string, now: number): Promise<OneUseLinkRow> {
  const [id = '', secret = ''] = token.split('.');
  const row = await query
    .selectFrom('one_use_links')
    .selectAll()
    .where('id', '=', `link_${id}`)
    .where('kind', '=', kind)
    .executeTakeFirst();
  const isRight = row !== undefined && timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(row.secret_hash));
  if (!isRight || row.used_at !== null || row.expires_at <= now) throw invalid();
  return row;
}

/** As `findLink`, and burns it in the same transaction: of two that come at once, one comes too late. */
export async function useLink(query: Query, kind: Kind, token: string, now: number): Promise<OneUseLinkRow> {
  const row = await findLink(query, kind, token, now);
  await query.updateTable('one_use_links').set({ used_at: now }).where('id', '=', row.id).execute();
  return row;
}
