import type { IncomingHttpHeaders } from 'node:http';
import { ClusterError, type Permission } from '@cluster-ai/contracts';
import type { Caller } from './caller.ts';
import type { ApiKeys } from './keys/api-keys.ts';
import { looksLikeKey } from './keys/key-text.ts';
import { checkCsrf } from './people/session-cookie.ts';
import type { Quota } from './quotas/limits.ts';
import { type Credential, readCredential } from './read-credential.ts';
import { leastRoleWith } from './roles.ts';

/** Signed-in people, looked up in memory. `ended`: there was such a session. */
export interface SessionLookup {
  find(cookieOrBearer: string): Caller | 'ended' | undefined;
  /** What a page of ours sends with each change. */
  csrfTokenOf(cookie: string): string;
  /** For a bearer token whose check takes time (a signature): afterwards `findPrepared` knows it. `undefined` for all others, which wait for nothing. */
  prepare?(bearer: string): Promise<void> | undefined;
  findPrepared?(bearer: string): Caller | 'ended' | undefined;
  /** What the owner of a key may do now; `nobody` for one who was disabled or removed, `undefined` for the machine's owner. The same object as long as nothing changes. */
  ownerOf?(ownerId: string): KeyOwner | 'nobody' | undefined;
}

export interface KeyOwner {
  readonly permissions: ReadonlySet<Permission>;
  readonly models: readonly string[] | undefined;
  /** What all keys of this owner use together. */
  readonly quota: Quota;
}

export interface LocalRule {
  /** What somebody of this machine may do without a credential, now; undefined for nothing at all. */
  permissions(): ReadonlySet<Permission> | undefined;
}

export interface AdmissionDependencies {
  readonly keys: Pick<ApiKeys, 'authenticate'>;
  readonly sessions: SessionLookup;
  readonly host: { find(text: string): Caller | undefined };
  /** Tokens of work under way. */
  readonly grants?: { find(text: string): Caller | undefined };
  readonly local: LocalRule;
}

/** What admission looks at. */
export interface AdmissionRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly isSecure: boolean;
  /** Of the connection, never of a header. */
  readonly remoteAddress: string | undefined;
}

export const toLocalCaller = (allowed: ReadonlySet<Permission>): Caller => ({
  kind: 'local',
  id: 'local',
  ownerId: 'local',
  name: 'this machine',
  role: null,
  permissions: allowed,
  models: undefined,
});

/** A proxy or tunnel that says so: the request may come from anywhere. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via', 'cf-connecting-ip'];

const isLoopbackAddress = (address: string | undefined) =>
  address !== undefined && (address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address));

const signIn = () =>
  new ClusterError('unauthorized', 'This needs a person or a key.', {
    hint: 'Sign in under /ui, or send a key: Authorization: Bearer KEY. Make one on the control plane’s machine: cluster-ai keys create NAME',
  });

/** A key as its owner allows it, so that it is made once and not with each request. */
const limited = new WeakMap<Caller, { readonly owner: KeyOwner; readonly caller: Caller }>();

const limit = (key: Caller, { permissions, models, quota }: KeyOwner): Caller => ({
  ...key,
  permissions: new Set([...key.permissions].filter((permission) => permissions.has(permission))),
  ownerModels: models,
  quotas: [...(key.quotas ?? []), quota],
});

/** A key is never more than its owner, who may have become less since it was made. */
export function withinOwner(key: Caller, owner: KeyOwner | 'nobody' | undefined): Caller {
  if (owner === 'nobody')
    throw new ClusterError('key_revoked', `The owner of the key "${key.name}" has no login any more.`, {
      hint: 'Ask an admin for a new key.',
    });
  if (owner === undefined) return key;
  const known = limited.get(key);
  if (known?.owner === owner) return known.caller;
  const caller = limit(key, owner);
  limited.set(key, { owner, caller });
  return caller;
}

function unlessEnded(found: Caller | 'ended' | undefined): Caller | undefined {
  if (found === 'ended') throw sessionEnded();
  return found;
}

const sessionEnded = () => new ClusterError('session_ended', 'This session has ended.', { hint: 'Sign in again under /ui.' });

const localHint =
  'Sign in under /ui, or send a key. The first admin uses the link that the start prints; on the command line of this machine: cluster-ai users add NAME --role admin';

const refused = new WeakMap<object, Caller>();

/** Who it was that `admit` refused with this error, where that is known. For the audit record: the error itself goes to the caller. */
export const whoWasRefused = (error: unknown): Caller | undefined =>
  typeof error === 'object' && error !== null ? refused.get(error) : undefined;

function refuse(caller: Caller, permission: Permission): ClusterError {
  const { name, kind, role } = caller;
  const least = leastRoleWith(permission);
  const who = kind === 'local' ? 'Whoever calls from this machine without a key' : `${name}${role === null ? '' : ` (${role})`}`;
  const error = new ClusterError('forbidden', `${who} may not do this: the right ${permission} is missing.`, {
    hint: kind === 'local' ? localHint : `The role ${least} has it; an admin can give it.`,
    details: { permission, role: least, ...(kind === 'local' ? { isVisitor: true } : {}) },
  });
  refused.set(error, caller);
  return error;
}

/** The one point through which every request of every listener goes. Decides from memory: nothing here waits. */
export function createAdmission({ keys, sessions, host, grants, local }: AdmissionDependencies) {
  function asLocal({ headers, remoteAddress }: AdmissionRequest): Caller | undefined {
    const allowed = local.permissions();
    const isHere = isLoopbackAddress(remoteAddress) && forwardingHeaders.every((name) => headers[name] === undefined);
    return allowed && isHere ? toLocalCaller(allowed) : undefined;
  }

  /** A browser sends its cookie whichever page asked it to. */
  function byCookie(request: AdmissionRequest, text: string): Caller | undefined {
    const caller = unlessEnded(sessions.find(text));
    if (caller !== undefined) checkCsrf(request, sessions.csrfTokenOf(text));
    return caller;
  }

  function byKey(text: string): Caller {
    const key = keys.authenticate(text);
    return withinOwner(key, sessions.ownerOf?.(key.ownerId));
  }

  const byBearer = (text: string) =>
    host.find(text) ?? grants?.find(text) ?? unlessEnded(sessions.findPrepared?.(text) ?? sessions.find(text));

  function identify(request: AdmissionRequest, credential: Credential): Caller | undefined {
    if (credential.kind === 'none') return undefined;
    if (credential.kind === 'cookie') return byCookie(request, credential.text);
    if (looksLikeKey(credential.text)) return byKey(credential.text);
    return byBearer(credential.text);
  }

  return {
    /** What has to be waited for before `admit`; `undefined` for nearly everybody. Throws as reading a credential does. */
    prepare(request: AdmissionRequest): Promise<void> | undefined {
      const credential = readCredential(request.headers, request.isSecure);
      return credential.kind === 'bearer' ? sessions.prepare?.(credential.text) : undefined;
    },
    /**
     * Who calls, if he may. Clients of other systems must send some key, so text that never was one of ours counts as none where none is needed.
     * Throws `unauthorized`, `key_revoked`, `key_expired`, `session_ended`, `origin_not_allowed` or `forbidden`.
     */
    admit(request: AdmissionRequest, permission: Permission): Caller {
      const caller = identify(request, readCredential(request.headers, request.isSecure)) ?? asLocal(request);
      if (caller === undefined) throw signIn();
      if (!caller.permissions.has(permission)) throw refuse(caller, permission);
      return caller;
    },
  };
}

export type Admission = ReturnType<typeof createAdmission>;
