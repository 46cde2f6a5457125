import { z } from 'zod';

const keyShape = z.object({
  id: z.string().max(100),
  ownerId: z.string().max(100),
  /** Base64. */
  key: z.base64().length(44),
  createdAt: z.int(),
});
const erasedShape = z.object({ id: z.string().max(100), keyIds: z.array(z.string().max(100)), at: z.int() });

export const keyRingShape = z.object({
  /** Of the cluster, and of what was restored from its backups: one ring for all of them. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  keys: z.array(keyShape),
  erased: z.array(erasedShape),
});

/** What no backup holds and a restore needs: the keys of people's chats, and who was erased since. */
export type KeyRing = z.infer<typeof keyRingShape>;

const byId = <T extends { readonly id: string }>(list: readonly T[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Who adopted a key keeps it. */
const toOwner = (a: string | undefined, b: string) => (a === undefined || a === 'local' ? b : a);

/**
 * Keys are only added, and erasures win over them for ever. So two clusters that come from one backup can write to one place in any
 * order: no key is lost there, and nobody who was erased comes back.
 */
export function mergeKeyRings(mine: KeyRing, other: KeyRing): KeyRing {
  const erased = new Map(mine.erased.map((person) => [person.id, person]));
  for (const person of other.erased) {
    const known = erased.get(person.id);
    erased.set(person.id, { ...(known ?? person), keyIds: [...new Set([...(known?.keyIds ?? []), ...person.keyIds])].sort() });
  }
  const gone = new Set([...erased.values()].flatMap(({ keyIds }) => keyIds));
  const keys = new Map<string, KeyRing['keys'][number]>();
  for (const key of [...mine.keys, ...other.keys]) keys.set(key.id, { ...key, ownerId: toOwner(keys.get(key.id)?.ownerId, key.ownerId) });
  const left = [...keys.values()].filter(({ id, ownerId }) => !gone.has(id) && !erased.has(ownerId));
  return { id: mine.id, keys: byId(left), erased: byId([...erased.values()]) };
}

export const isSameRing = (a: KeyRing, b: KeyRing): boolean => JSON.stringify(a) === JSON.stringify(b);
