import type { IncomingHttpHeaders } from 'node:http';
import { ClusterError, type Permission } from '@cluster-ai/contracts';
import type { Caller } from './caller.ts';
import type { ApiKeys } from './keys/api-keys.ts';
import { looksLikeKey } from './keys/key-text.ts';
import { type Credential, readCredential } from './read-credential.ts';
import { leastRoleWith } from './roles.ts';

/** Signed-in people, looked up in memory. `ended`: there was such a session. */
export interface SessionLookup {
  find(cookieOrBearer: string): Caller | 'ended' | undefined;
}

export interface LocalRule {
  /** What somebody of this machine may do without a credential, now; undefined for nothing at all. */
  permissions(): ReadonlySet<Permission> | undefined;
}

export interface AdmissionDependencies {
  readonly keys: Pick<ApiKeys, 'authenticate'>;
  readonly sessions: SessionLookup;
  readonly host: { find(text: string): Caller | undefined };
  readonly local: LocalRule;
}

/** What admission looks at. */
export interface AdmissionRequest {
  readonly headers: IncomingHttpHeaders;
  /** Of the connection, never of a header. */
  readonly remoteAddress: string | undefined;
}

const toLocalCaller = (allowed: ReadonlySet<Permission>): Caller => ({
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

const sessionEnded = () => new ClusterError('session_ended', 'This session has ended.', { hint: 'Sign in again under /ui.' });

function refuse({ name, kind, role }: Caller, permission: Permission): ClusterError {
  const least = leastRoleWith(permission);
  const who = kind === 'local' ? 'Whoever calls from this machine without a key' : `${name}${role === null ? '' : ` (${role})`}`;
  return new ClusterError('forbidden', `${who} may not do this: the right ${permission} is missing.`, {
    hint: kind === 'local' ? 'Sign in under /ui, or send a key.' : `The role ${least} has it; an admin can give it.`,
    details: { permission, role: least },
  });
}

/** The one point through which every request of every listener goes. Decides from memory: nothing here waits. */
export function createAdmission({ keys, sessions, host, local }: AdmissionDependencies) {
  function asLocal({ headers, remoteAddress }: AdmissionRequest): Caller | undefined {
    const allowed = local.permissions();
    const isHere = isLoopbackAddress(remoteAddress) && forwardingHeaders.every((name) => headers[name] === undefined);
    return allowed && isHere ? toLocalCaller(allowed) : undefined;
  }

  function bySession(text: string): Caller | undefined {
    const found = sessions.find(text);
    if (found === 'ended') throw sessionEnded();
    return found;
  }

  function identify(credential: Credential): Caller | undefined {
    if (credential.kind === 'none') return undefined;
    if (credential.kind === 'cookie') return bySession(credential.text);
    if (looksLikeKey(credential.text)) return keys.authenticate(credential.text);
    return host.find(credential.text) ?? bySession(credential.text);
  }

  return {
    /**
     * Who calls, if he may. Clients of other systems must send some key, so text that never was one of ours counts as none where none is needed.
     * Throws `unauthorized`, `key_revoked`, `key_expired`, `session_ended`, `quota_exceeded` or `forbidden`.
     */
    admit(request: AdmissionRequest, permission: Permission): Caller {
      const caller = identify(readCredential(request.headers)) ?? asLocal(request);
      if (caller === undefined) throw signIn();
      if (!caller.permissions.has(permission)) throw refuse(caller, permission);
      return caller;
    },
  };
}

export type Admission = ReturnType<typeof createAdmission>;
