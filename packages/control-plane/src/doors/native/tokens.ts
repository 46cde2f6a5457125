import { isClusterError, refreshTokensShape, signInShape, tokensShape } from '@cluster-ai/contracts';
import type { PeopleRouteDependencies } from './people.ts';
import { type NativeRoute, route } from './route.ts';
import { actOf, LITTLE, originOf } from './sessions.ts';

const tag = 'sessions';

/** For programs of a person that want tokens instead of a cookie. Programs of their own have keys. */
export function tokenRoutes({ access, acts }: PeopleRouteDependencies): readonly NativeRoute[] {
  const { tokens } = access;
  return [
    route({
      method: 'POST',
      path: '/tokens',
      permission: 'public',
      rateClass: 'auth',
      why: 'Whoever signs in is nobody yet; name, password and code are the right to become somebody.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'Sign in: the session comes as an access token for ten minutes, and a refresh token',
      body: signInShape,
      answer: tokensShape,
      status: 201,
      handle: async ({ body, request, reply }) => {
        void reply.header('cache-control', 'no-store');
        return acts.run(actOf(request, body.name.slice(0, 64)), () => tokens.issue(body, originOf(request)));
      },
    }),
    route({
      method: 'POST',
      path: '/tokens/refresh',
      permission: 'public',
      why: 'The access token may have expired; the refresh token, which is good once, is the right to a new one.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'A new pair for a refresh token; using one twice ends the session',
      body: refreshTokensShape,
      answer: tokensShape,
      handle: async ({ body, request, reply }) => {
        void reply.header('cache-control', 'no-store');
        return acts.run(actOf(request), () => tokens.refresh(body.refreshToken));
      },
    }),
    route({
      method: 'POST',
      path: '/tokens/revoke',
      permission: 'public',
      why: 'Whoever holds a refresh token may end its session, also when its access token has expired.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'End the session of a refresh token',
      body: refreshTokensShape,
      answer: undefined,
      handle: async ({ body, request }) =>
        acts
          .run(actOf(request), () => tokens.revoke(body.refreshToken))
          .catch((error: unknown) => {
            if (!isClusterError(error) || error.code !== 'credentials_invalid') throw error; // RFC 7009, 2.2: what never was is ended
          }),
    }),
  ];
}
