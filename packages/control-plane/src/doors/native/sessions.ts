import {
  ClusterError,
  confirmTotpShape,
  disableTotpShape,
  type Profile,
  personShape,
  profileShape,
  recoveryCodesShape,
  sessionListShape,
  signInShape,
  totpSeedShape,
  updateProfileShape,
  usageReportShape,
} from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf, toMe } from '../../access/caller.ts';
import type { SessionCaller } from '../../access/people/directory.ts';
import { checkSameSite, readSessionCookie, toEndedCookie, toSessionCookie } from '../../access/people/session-cookie.ts';
import type { Origin } from '../../access/people/sessions.ts';
import type { SignedIn } from '../../access/people/sign-in.ts';
import { permissionsOf } from '../../access/roles.ts';
import type { PeopleRouteDependencies } from './people.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'sessions';
/** Of a body that somebody sends who has not signed in. */
export const LITTLE = 64 * 1024;
const byId = z.object({ id: z.string().min(1).max(100) });

export const isSecure = (request: FastifyRequest) => request.protocol === 'https';

/** Who does what, for the record of acts. */
export interface PublicAct {
  readonly actor: { readonly kind: 'anonymous'; readonly id: string; readonly name: string; readonly role: string };
  readonly address: string;
  readonly action: string;
  readonly requestId: string;
  readonly target: string;
}
export interface ActRecorder {
  run<T>(act: PublicAct, work: () => Promise<T>): Promise<T>;
}

/** An act of somebody who has not signed in, whatever page it began on. */
export const strangerActOf = (request: FastifyRequest, target = ''): PublicAct => ({
  actor: { kind: 'anonymous', id: '', name: '', role: '' },
  address: request.ip,
  action: `${request.method} ${request.routeOptions.url ?? ''}`,
  requestId: request.id,
  target,
});

/** The same for what a page of another site cannot start: it could sign a browser in as somebody else. */
export function actOf(request: FastifyRequest, target = ''): PublicAct {
  checkSameSite(request);
  return strangerActOf(request, target);
}

export const originOf = (request: FastifyRequest): Origin => ({
  address: request.ip,
  program: String(request.headers['user-agent'] ?? ''),
});

/** The answer to whoever has just proved to be somebody: a cookie, and what the page needs to know. */
export function answerSignedIn(
  { access, clock }: Pick<PeopleRouteDependencies, 'access' | 'clock'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { token, csrfToken, expiresAt, personId }: SignedIn,
): Profile {
  void reply.header('set-cookie', toSessionCookie(isSecure(request), token, expiresAt, clock.now())).header('cache-control', 'no-store');
  const person = access.people.get(personId);
  const { id, name, role } = person;
  return { kind: 'person', id, name, role, permissions: [...permissionsOf(role)], person, csrfToken };
}

const isSession = (caller: object): caller is SessionCaller => 'sessionId' in caller;

/** The session of a route that makes no sense without one. */
export function sessionOf(request: FastifyRequest): SessionCaller {
  const caller = callerOf(request);
  if (caller.kind === 'person' && isSession(caller)) return caller;
  throw new ClusterError('forbidden', 'This is for people who are signed in, not for keys.', {
    hint: 'Sign in with your name and password.',
  });
}

function profileRoutes({ access, quotas }: PeopleRouteDependencies): readonly NativeRoute[] {
  const { people, sessions } = access;
  return [
    route({
      method: 'GET',
      path: '/me',
      permission: 'self:read',
      tag,
      summary: 'Who you are here, and what you may do',
      answer: profileShape,
      handle: async ({ request, reply }) => {
        const caller = callerOf(request);
        const token = readSessionCookie(request.headers, isSecure(request));
        void reply.header('cache-control', 'no-store');
        return {
          ...toMe(caller),
          person: caller.kind === 'person' ? people.get(caller.id) : null,
          csrfToken: isSession(caller) && token !== undefined ? sessions.csrfTokenOf(token) : null,
        };
      },
    }),
    route({
      method: 'GET',
      path: '/me/usage',
      permission: 'self:read',
      tag,
      summary: 'What you have used, and how much of your limits that is',
      answer: usageReportShape,
      handle: async ({ request }) => {
        const { id, name, quotas: [own] = [] } = callerOf(request);
        return quotas.usageOf(own ?? { subject: id, name, limits: {} });
      },
    }),
    route({
      method: 'PATCH',
      path: '/me',
      permission: 'self:write',
      tag,
      summary: 'Change your name, e-mail or password; a new password needs the old one and ends your other sessions',
      body: updateProfileShape,
      answer: personShape,
      handle: async ({ body, request }) => {
        const { id, sessionId } = sessionOf(request);
        return people.updateOwn(id, body, { sessionId, origin: originOf(request) });
      },
    }),
    route({
      method: 'POST',
      path: '/me/totp',
      permission: 'self:write',
      tag,
      summary: 'A seed for an authenticator app; it does nothing before a code of it was confirmed',
      answer: totpSeedShape,
      status: 201,
      handle: async ({ request, reply }) => {
        void reply.header('cache-control', 'no-store');
        return people.enrolTotp(sessionOf(request).id);
      },
    }),
    route({
      method: 'POST',
      path: '/me/totp/confirm',
      permission: 'self:write',
      tag,
      summary: 'Switch codes on, and get the recovery codes',
      body: confirmTotpShape,
      answer: recoveryCodesShape,
      handle: async ({ body, request, reply }) => {
        void reply.header('cache-control', 'no-store');
        return people.confirmTotp(sessionOf(request).id, body.code);
      },
    }),
    route({
      method: 'POST',
      path: '/me/totp/disable',
      permission: 'self:write',
      tag,
      summary: 'Switch codes off',
      body: disableTotpShape,
      answer: undefined,
      handle: async ({ body, request }) => people.disableTotp(sessionOf(request).id, body.password, originOf(request)),
    }),
  ];
}

/** Signing in and out, and what people do with their own login. */
export function sessionRoutes(dependencies: PeopleRouteDependencies): readonly NativeRoute[] {
  const { access, acts } = dependencies;
  const { sessions, signIn } = access;
  return [
    route({
      method: 'POST',
      path: '/sessions',
      permission: 'public',
      rateClass: 'auth',
      why: 'Whoever signs in is nobody yet; name, password and code are the right to become somebody.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'Sign in: the session comes as a cookie',
      body: signInShape,
      answer: profileShape,
      status: 201,
      handle: async ({ body, request, reply }) =>
        acts.run(actOf(request, body.name.slice(0, 64)), async () =>
          answerSignedIn(dependencies, request, reply, await signIn.signIn(body, originOf(request))),
        ),
    }),
    route({
      method: 'GET',
      path: '/sessions',
      permission: 'self:read',
      tag,
      summary: 'Where you are signed in',
      answer: sessionListShape,
      handle: async ({ request }) => {
        const { id, sessionId } = sessionOf(request);
        return { sessions: sessions.list(id, sessionId) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/sessions/current',
      permission: 'self:write',
      tag,
      summary: 'Sign out here',
      answer: undefined,
      handle: async ({ request, reply }) => {
        const { id, sessionId } = sessionOf(request);
        await sessions.end(id, sessionId);
        void reply.header('set-cookie', toEndedCookie(isSecure(request)));
      },
    }),
    route({
      method: 'DELETE',
      path: '/sessions/{id}',
      permission: 'self:write',
      tag,
      summary: 'Sign out somewhere else',
      params: byId,
      answer: undefined,
      handle: async ({ params, request }) => sessions.end(sessionOf(request).id, params.id),
    }),
    route({
      method: 'DELETE',
      path: '/sessions',
      permission: 'self:write',
      tag,
      summary: 'Sign out everywhere, here too',
      answer: undefined,
      handle: async ({ request, reply }) => {
        await sessions.endAll(sessionOf(request).id);
        void reply.header('set-cookie', toEndedCookie(isSecure(request)));
      },
    }),
    ...profileRoutes(dependencies),
  ];
}
