import {
  addPasskeyShape,
  beginPasskeyShape,
  passkeyListShape,
  passkeyOptionsShape,
  passkeyShape,
  passkeySignInShape,
  profileShape,
} from '@cluster-ai/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Site } from '../../access/people/passkeys.ts';
import type { PeopleRouteDependencies } from './people.ts';
import { type NativeRoute, route } from './route.ts';
import { actOf, answerSignedIn, LITTLE, originOf, sessionOf } from './sessions.ts';

const tag = 'sessions';
const byId = z.object({ id: z.string().min(1).max(1400) });

/** The page that asks, by the `Host` that the listener has checked. */
const siteOf = ({ protocol, host, hostname }: FastifyRequest): Site => ({ origin: `${protocol}://${host}`, host: hostname });

/** Keys that a person's own things keep, instead of a password. */
export function passkeyRoutes(dependencies: PeopleRouteDependencies): readonly NativeRoute[] {
  const { access, acts } = dependencies;
  const { people, passkeys } = access;
  return [
    route({
      method: 'GET',
      path: '/me/passkeys',
      permission: 'self:read',
      tag,
      summary: 'Your passkeys',
      answer: passkeyListShape,
      handle: async ({ request }) => ({ passkeys: [...(await passkeys.list(sessionOf(request).id))] }),
    }),
    route({
      method: 'POST',
      path: '/me/passkeys/options',
      permission: 'self:write',
      tag,
      summary: 'What a browser needs to make a passkey; your password is asked for once more',
      body: beginPasskeyShape,
      answer: passkeyOptionsShape,
      handle: async ({ body, request }) => people.beginPasskey(sessionOf(request).id, body.password, siteOf(request), originOf(request)),
    }),
    route({
      method: 'POST',
      path: '/me/passkeys',
      permission: 'self:write',
      tag,
      summary: 'Keep the passkey that the browser made',
      body: addPasskeyShape,
      answer: passkeyShape,
      status: 201,
      handle: async ({ body, request }) => people.addPasskey(sessionOf(request).id, body, siteOf(request)),
    }),
    route({
      method: 'DELETE',
      path: '/me/passkeys/{id}',
      permission: 'self:write',
      tag,
      summary: 'Forget a passkey',
      params: byId,
      answer: undefined,
      handle: async ({ params, request }) => passkeys.remove(sessionOf(request).id, params.id),
    }),
    route({
      method: 'POST',
      path: '/sessions/passkey/options',
      permission: 'public',
      why: 'It begins a sign-in: what it answers is chance, and the same for everybody.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'What a browser needs to sign in by a passkey',
      answer: passkeyOptionsShape,
      handle: async ({ request }) => passkeys.beginSignIn(siteOf(request)),
    }),
    route({
      method: 'POST',
      path: '/sessions/passkey',
      permission: 'public',
      rateClass: 'auth',
      why: 'Whoever signs in is nobody yet; the passkey’s signature is the right to become somebody.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'Sign in by a passkey: the session comes as a cookie',
      body: passkeySignInShape,
      answer: profileShape,
      status: 201,
      handle: async ({ body, request, reply }) =>
        acts.run(actOf(request), async () =>
          answerSignedIn(dependencies, request, reply, await passkeys.signIn(body, siteOf(request), originOf(request))),
        ),
    }),
  ];
}
