import {
  createdPersonShape,
  createPersonShape,
  createServiceAccountShape,
  invitePersonShape,
  type OneUseLink,
  personListShape,
  personShape,
  resetPasswordShape,
  type SentLink,
  sentLinkShape,
  sessionListShape,
  updatePersonShape,
  usageReportShape,
} from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import type { WriteLetter } from '../../access/people/add-mailed-link.ts';
import type { ForgottenPasswords } from '../../access/people/forgotten-passwords.ts';
import type { OpenedPeople } from '../../access/people/open-people.ts';
import type { Quotas } from '../../access/quotas/open-quotas.ts';
import type { LinkLetter, LinkLetters } from '../../mail/link-letters.ts';
import { linkRoutes } from './people-links.ts';
import { type NativeRoute, route } from './route.ts';
import type { ActRecorder } from './sessions.ts';

const tag = 'people';
const byId = z.object({ id: z.string().min(1).max(100) });

type LetterWish = Omit<LinkLetter, 'to' | 'linkId' | 'target'> & Partial<Pick<LinkLetter, 'target'>>;

export interface PeopleRouteDependencies {
  readonly access: Pick<OpenedPeople, 'people' | 'sessions' | 'signIn' | 'passkeys' | 'tokens'>;
  /** Public routes are recorded by themselves: admission records what has a caller. */
  readonly acts: ActRecorder;
  readonly clock: Clock;
  readonly quotas: Pick<Quotas, 'usageOf'>;
  /** Absent where no mail is configured. */
  readonly mail?: { readonly letters: LinkLetters; readonly forgotten: ForgottenPasswords };
}

/** What writes a letter to an address, where there is one and mail is configured. */
function writeTo({ mail }: PeopleRouteDependencies, to: string | null, letter: LetterWish): WriteLetter | undefined {
  if (mail === undefined || to === null) return undefined;
  return (link, { id, personId }) => mail.letters.prepare(link, { target: personId, ...letter, to, linkId: id });
}

/** The link, and where it is on its way to. */
const toSent = (link: OneUseLink, write: WriteLetter | undefined, to: string | null): SentLink => ({
  ...link,
  mailedTo: write ? to : null,
});

/** Whose doing it is, for what is kept about it. */
const doer = (request: FastifyRequest) => callerOf(request).id;

/** What admins do with other people's logins. */
export function peopleRoutes(dependencies: PeopleRouteDependencies): readonly NativeRoute[] {
  const { people, sessions } = dependencies.access;
  const { quotas } = dependencies;
  return [
    ...linkRoutes(dependencies),
    route({
      method: 'GET',
      path: '/people',
      permission: 'people:read',
      tag,
      summary: 'Everybody who has a login',
      answer: personListShape,
      handle: async () => ({ people: people.list() }),
    }),
    route({
      method: 'POST',
      path: '/people',
      permission: 'people:write',
      tag,
      summary: 'A new login, and the one-use link by which its password is chosen',
      body: createPersonShape,
      answer: createdPersonShape,
      status: 201,
      handle: async ({ body, request }) => {
        const write = writeTo(dependencies, body.email, { kind: 'newLogin', personName: body.name, language: body.language });
        const { person, link } = await people.create(body, doer(request), write);
        return { person, link: toSent(link, write, body.email) };
      },
    }),
    route({
      method: 'POST',
      path: '/people/invitations',
      permission: 'people:write',
      tag,
      summary: 'A one-use link by which somebody makes a login of a given role',
      body: invitePersonShape,
      answer: sentLinkShape,
      status: 201,
      handle: async ({ body, request }) => {
        const write = writeTo(dependencies, body.email, { kind: 'invitation', language: body.language, target: body.role });
        return toSent(await people.invite(body, doer(request), write), write, body.email);
      },
    }),
    route({
      method: 'GET',
      path: '/people/{id}',
      permission: 'people:read',
      tag,
      summary: 'One person, by id or name',
      params: byId,
      answer: personShape,
      handle: async ({ params }) => people.get(params.id),
    }),
    route({
      method: 'PATCH',
      path: '/people/{id}',
      permission: 'people:write',
      tag,
      summary: 'Change role, state, name, e-mail, models or limits; it takes effect at once',
      params: byId,
      body: updatePersonShape,
      answer: personShape,
      handle: async ({ params, body }) => people.update(params.id, body),
    }),
    route({
      method: 'DELETE',
      path: '/people/{id}',
      permission: 'people:write',
      tag,
      summary: 'Remove a login and everything that proves who the person is',
      params: byId,
      answer: undefined,
      handle: async ({ params }) => people.remove(params.id),
    }),
    route({
      method: 'POST',
      path: '/people/service-accounts',
      permission: 'people:write',
      tag,
      summary: 'An account for programs that belong to no person; it gets keys, and nobody signs in with it',
      body: createServiceAccountShape,
      answer: personShape,
      status: 201,
      handle: async ({ body }) => people.createService(body),
    }),
    route({
      method: 'GET',
      path: '/people/{id}/usage',
      permission: 'people:read',
      tag,
      summary: 'What a person or service account has used with all its keys, and how much of its limits that is',
      params: byId,
      answer: usageReportShape,
      handle: async ({ params }) => {
        const { id, name, limits } = people.get(params.id);
        return quotas.usageOf({ subject: id, name, limits });
      },
    }),
    route({
      method: 'POST',
      path: '/people/{id}/reset-password',
      permission: 'people:write',
      tag,
      summary: 'Take the password and all passkeys away, end all sessions, and give a one-use link for a new one',
      params: byId,
      body: resetPasswordShape,
      answer: sentLinkShape,
      status: 201,
      handle: async ({ params, body, request }) => {
        const { id, name, email } = people.get(params.id);
        const write = writeTo(dependencies, email, { kind: 'reset', personName: name, language: body.language });
        return toSent(await people.resetPassword(id, doer(request), write), write, email);
      },
    }),
    route({
      method: 'GET',
      path: '/people/{id}/sessions',
      permission: 'people:read',
      tag,
      summary: 'Where somebody is signed in',
      params: byId,
      answer: sessionListShape,
      handle: async ({ params }) => ({ sessions: sessions.list(people.get(params.id).id, undefined) }),
    }),
    route({
      method: 'DELETE',
      path: '/people/{id}/sessions',
      permission: 'people:write',
      tag,
      summary: 'Sign somebody out everywhere',
      params: byId,
      answer: undefined,
      handle: async ({ params }) => sessions.endAll(people.get(params.id).id),
    }),
  ];
}
