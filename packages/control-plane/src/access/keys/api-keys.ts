import {
  type ApiKey,
  ClusterError,
  type CreateApiKey,
  type CreatedApiKey,
  type Permission,
  permissionShape,
  type Role,
  roleShape,
} from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { Database, Query } from '../../stores/database.ts';
import type { ApiKeyRow } from '../../stores/tables.ts';
import { describeAct } from '../audit/act.ts';
import type { Caller } from '../caller.ts';
import { toLimits } from '../people/person-record.ts';
import type { Quota } from '../quotas/limits.ts';
import { permissionsOf } from '../roles.ts';
import { isSameHash, keyPrefix, makeKeyText, parseKeyText } from './key-text.ts';

/** How often the last use of keys is written, and changes that another control plane made are looked for. */
const syncEveryMs = 5_000;

/** Keys whose text was proved and is remembered; whether they are revoked, expired or limited is looked up each time. */
const mostProved = 1000;

const notOurs = () =>
  new ClusterError('unauthorized', 'The key is not one of this cluster.', {
    hint: 'Make one: cluster-ai keys create NAME, on the control plane’s machine.',
  });

interface KnownKey {
  readonly row: ApiKeyRow;
  readonly secretHash: Buffer;
  readonly caller: Caller;
  readonly quota: Quota;
}

const scopesShape = z.array(permissionShape);
const modelsShape = z.array(z.string());

function permissionsOfKey(role: Role, scopes: readonly Permission[] | undefined): ReadonlySet<Permission> {
  const all = permissionsOf(role);
  return scopes === undefined ? all : new Set(scopes.filter((scope) => all.has(scope)));
}

/** A row of a newer program with a role or scope that is not known here gives fewer rights, never more. */
function toKnown(row: ApiKeyRow): KnownKey {
  const role = roleShape.safeParse(row.role).data ?? 'viewer';
  const scopes = row.scopes_json === null ? undefined : (scopesShape.safeParse(JSON.parse(row.scopes_json)).data ?? []);
  const models = row.models_json === null ? undefined : (modelsShape.safeParse(JSON.parse(row.models_json)).data ?? []);
  const quota: Quota = { subject: row.id, name: row.name, limits: toLimits(row.limits_json) };
  const caller: Caller = {
    kind: 'key',
    id: row.id,
    ownerId: row.owner_id,
    name: row.name,
    role,
    permissions: permissionsOfKey(role, scopes),
    models,
    quotas: [quota],
  };
  return { row, secretHash: Buffer.from(row.secret_hash, 'hex'), caller, quota };
}

const toTime = (at: number | null) => (at === null ? null : new Date(at).toISOString());

const toApiKey = ({ row, caller, quota }: KnownKey): ApiKey => ({
  id: row.id,
  name: row.name,
  prefix: keyPrefix(row.id),
  role: caller.role ?? 'viewer',
  scopes: row.scopes_json === null ? null : [...caller.permissions],
  models: caller.models === undefined ? null : [...caller.models],
  limits: quota.limits,
  createdBy: row.owner_id,
  createdAt: new Date(row.created_at).toISOString(),
  expiresAt: toTime(row.expires_at),
  lastUsedAt: toTime(row.last_used_at),
  revokedAt: toTime(row.revoked_at),
});

/** Nobody makes a key that may more than he may. */
function checkNotMore(maker: Caller, { role, scopes }: CreateApiKey): void {
  const wanted = permissionsOfKey(role, scopes ?? undefined);
  const beyond = [...wanted].find((permission) => permission !== 'public' && !maker.permissions.has(permission));
  if (beyond === undefined) return;
  throw new ClusterError('forbidden', `A key of the role ${role} could do what you may not: ${beyond}.`, {
    hint: 'Choose a lower role, or fewer scopes.',
    param: 'role',
  });
}

function checkModelsNotMore(maker: Caller, { models }: CreateApiKey): void {
  if (maker.models === undefined) return;
  const granted = new Set(maker.models);
  if (models?.every((model) => granted.has(model))) return;
  throw new ClusterError('forbidden', 'A key can be made only for models that its maker may use.', { param: 'models' });
}

/** What the keys that it makes use would not count to its own. */
function checkHasNoLimits(maker: Caller): void {
  if (maker.kind !== 'key' || (maker.quotas ?? []).every(({ subject, limits }) => subject !== maker.id || Object.keys(limits).length === 0))
    return;
  throw new ClusterError('forbidden', 'A key with limits cannot make other keys: they would not count to its own.', {
    hint: 'Sign in, or use a key without limits.',
  });
}

/** For whom a key is made, where that is not who asks. */
export interface KeyHolder {
  readonly id: string;
  readonly name: string;
}

export interface ApiKeysDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The keys by which programs sign in. Looked up in memory: no request waits for the database. */
export async function openApiKeys({ database, clock, log }: ApiKeysDependencies) {
  const known = new Map<string, KnownKey>();
  const usedSince = new Map<string, number>();
  const idsByText = new Map<string, string>();

  async function reload(query: Query = database.query) {
    const before = [...known.keys()]; // what is made meanwhile is not in the rows, and stays
    const rows = await query.selectFrom('api_keys').selectAll().execute();
    for (const row of rows) known.set(row.id, toKnown(row));
    const there = new Set(rows.map(({ id }) => id));
    for (const id of before) if (!there.has(id)) known.delete(id);
  }

  async function saveUses() {
    if (usedSince.size === 0) return;
    const uses = [...usedSince];
    usedSince.clear();
    await database.transaction(
      async (transaction) => {
        for (const [id, at] of uses) await transaction.updateTable('api_keys').set({ last_used_at: at }).where('id', '=', id).execute();
      },
      { durability: 'normal' },
    );
    for (const [id, at] of uses) {
      const key = known.get(id);
      if (key) known.set(id, { ...key, row: { ...key.row, last_used_at: at } });
    }
  }

  async function sync() {
    try {
      await saveUses();
      if (database.kind === 'postgres') await reload();
    } catch (error) {
      log.warn({ err: error }, 'The last use of keys could not be written');
    }
  }

  /** Of somebody else's key only those that may read all keys learn that there is one. */
  function findOwn(caller: Caller, id: string): KnownKey {
    const key = known.get(id);
    const isVisible = key && (caller.permissions.has('people:write') || key.row.owner_id === caller.ownerId);
    if (!key || !isVisible) throw new ClusterError('key_not_found', `There is no key "${id}".`, { hint: 'List them: cluster-ai keys ls' });
    return key;
  }

  /** The id of a key that was made here; it is remembered, so that the proof is made once and not with each request. */
  function prove(text: string): string {
    const parsed = parseKeyText(text);
    const key = parsed && known.get(parsed.id);
    if (!key || !isSameHash(key.secretHash, parsed.secretHash)) throw notOurs();
    const [oldest] = idsByText.keys();
    if (idsByText.size >= mostProved && oldest !== undefined) idsByText.delete(oldest);
    idsByText.set(text, parsed.id);
    return parsed.id;
  }

  function usable(key: KnownKey | undefined): KnownKey {
    if (key === undefined) throw notOurs();
    const { revoked_at, expires_at, name } = key.row;
    if (revoked_at !== null) throw new ClusterError('key_revoked', `The key "${name}" was revoked.`);
    if (expires_at !== null && expires_at <= clock.now())
      throw new ClusterError('key_expired', `The key "${name}" has expired.`, { hint: 'Make a new one: cluster-ai keys create' });
    return key;
  }

  await reload();
  return {
    /** Who sends this key. Throws `unauthorized`, `key_revoked` or `key_expired`. */
    authenticate(text: string): Caller {
      const key = usable(known.get(idsByText.get(text) ?? prove(text)));
      usedSince.set(key.row.id, clock.now());
      return key.caller;
    },

    /** What a key may do now, for work that began with it. Throws as `authenticate`. */
    callerOf: (id: string): Caller => usable(known.get(id)).caller,

    /** Whether anybody could use a key now. */
    hasAny: (): boolean =>
      [...known.values()].some(({ row }) => row.revoked_at === null && (row.expires_at === null || row.expires_at > clock.now())),

    /** Takes over what somebody else changed in the table of keys. */
    refresh: () => reload(),

    /** The caller's own keys; all of them for who may manage people. Newest first. */
    list: (caller: Caller): readonly ApiKey[] =>
      [...known.values()]
        .filter(({ row }) => caller.permissions.has('people:write') || row.owner_id === caller.ownerId)
        .toSorted((a, b) => b.row.created_at - a.row.created_at)
        .map(toApiKey),

    /** Of one key that the caller sees. Throws `key_not_found`. */
    quotaOf: (caller: Caller, id: string): Quota => findOwn(caller, id).quota,

    /** Throws `forbidden` for a key that could do more than its maker. */
    async create(maker: Caller, wish: CreateApiKey, holder?: KeyHolder): Promise<CreatedApiKey> {
      checkNotMore(maker, wish);
      checkModelsNotMore(maker, wish);
      checkHasNoLimits(maker);
      const made = makeKeyText();
      const now = clock.now();
      const row: ApiKeyRow = {
        id: made.id,
        secret_hash: made.secretHash.toString('hex'),
        name: wish.name,
        owner_id: holder?.id ?? maker.ownerId,
        role: wish.role,
        scopes_json: wish.scopes === null ? null : JSON.stringify(wish.scopes),
        models_json: wish.models === null ? null : JSON.stringify(wish.models),
        limits_json: JSON.stringify(wish.limits),
        created_at: now,
        expires_at: wish.expiresInSeconds === null ? null : now + wish.expiresInSeconds * 1000,
        last_used_at: null,
        revoked_at: null,
      };
      describeAct({ target: row.id, details: { name: row.name, role: row.role, ...(holder === undefined ? {} : { owner: holder.name }) } });
      await database.transaction(async (transaction) => void (await transaction.insertInto('api_keys').values(row).execute()));
      const key = toKnown(row);
      known.set(row.id, key);
      return { ...toApiKey(key), key: made.text };
    },

    /** Ends a key at once; a second time changes nothing. Throws `key_not_found`. */
    async revoke(caller: Caller, id: string): Promise<ApiKey> {
      const key = findOwn(caller, id);
      if (key.row.revoked_at !== null) return toApiKey(key);
      const row = { ...key.row, revoked_at: clock.now() };
      await database.transaction(
        async (transaction) =>
          void (await transaction.updateTable('api_keys').set({ revoked_at: row.revoked_at }).where('id', '=', id).execute()),
      );
      const revoked = toKnown(row);
      known.set(id, revoked);
      return toApiKey(revoked);
    },

    /** Writes uses now and then, and follows what other control planes change, until the signal aborts. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        await clock.sleep(syncEveryMs, signal).catch(() => undefined);
        await sync();
      }
    },
  };
}

export type ApiKeys = Awaited<ReturnType<typeof openApiKeys>>;
