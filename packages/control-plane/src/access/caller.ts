import type { callerKinds, Me, Permission, Role } from '@cluster-ai/contracts';
import type { FastifyRequest } from 'fastify';
import type { Quota } from './quotas/limits.ts';

/** Who calls, once that is known. */
export interface Caller {
  readonly kind: (typeof callerKinds)[number];
  /** Of the person or key; `host` and `local` for the other two. */
  readonly id: string;
  /** Whose things it makes and sees: a person's id for that person and for the person's keys. */
  readonly ownerId: string;
  readonly name: string;
  readonly role: Role | null;
  readonly permissions: ReadonlySet<Permission>;
  /** Model names that it may use, with `*`; undefined for all. */
  readonly models: readonly string[] | undefined;
  /** Of a key: what its owner may use; both must allow a model. */
  readonly ownerModels?: readonly string[] | undefined;
  /** Whose use is counted with what this caller does: its own, and the owner's where it is a key. Absent: nobody's. */
  readonly quotas?: readonly Quota[];
  /** Aborts when the caller may no longer do what it may do now: what is still open for it is closed then. Absent where nothing tells. */
  readonly whenCut?: () => AbortSignal;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler runs; absent only on public routes. */
    caller?: Caller;
  }
}

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new Error(`${request.routeOptions.url} is public and asks who calls.`);
  return request.caller;
}

export const toMe = ({ kind, id, name, role, permissions }: Caller): Me => ({ kind, id, name, role, permissions: [...permissions] });
