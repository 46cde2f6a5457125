import { ClusterError, signInOptionsShape, toClusterError } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Oidc } from '../../access/oidc/oidc.ts';
import { readSignInCookie, toSignInCookie } from '../../access/people/session-cookie.ts';
import type { PeopleRouteDependencies } from './people.ts';
import { type NativeRoute, route } from './route.ts';
import { answerSignedIn, isSecure, originOf, strangerActOf } from './sessions.ts';

const tag = 'sessions';
const CALLBACK = '/sign-in/oidc/callback';
const LIFE_S = 5 * 60;

export interface SignInDependencies extends PeopleRouteDependencies {
  /** Absent where no provider is configured. */
  readonly oidc?: Oidc;
}

/** Where the provider sends the browser back, at the address by which the page was opened (the listener has checked `Host`). */
const callbackOf = ({ protocol, host }: FastifyRequest) => `${protocol}://${host}/api/v1${CALLBACK}`;

const queryOf = ({ url }: FastifyRequest) => url.split('?')[1] ?? '';

/** The browser is on its way through: what happened is said by the page where it ends. */
function goTo(reply: FastifyReply, address: string): void {
  void reply.headers({ location: address, 'cache-control': 'no-store' });
}
const toProblemPage = (error: unknown) => `/ui/sign-in?problem=${toClusterError(error).code}`;

/** Sign-in by a provider that people have a login at. Browsers come here by links and redirects, not by our page's scripts. */
export function signInRoutes(dependencies: SignInDependencies): readonly NativeRoute[] {
  const { acts, oidc, mail } = dependencies;

  function needOidc(): Oidc {
    if (oidc !== undefined) return oidc;
    throw new ClusterError('unsupported_feature', 'No sign-in provider is configured.', { hint: 'Set access.oidc in cluster.yaml.' });
  }

  return [
    route({
      method: 'GET',
      path: '/sign-in',
      permission: 'public',
      why: 'The sign-in page must know which buttons to show; it says nothing else.',
      tag,
      summary: 'By what else than a password one can sign in',
      answer: signInOptionsShape,
      handle: async () => ({ oidc: oidc === undefined ? null : { label: oidc.label }, mail: mail !== undefined }),
    }),
    route({
      method: 'GET',
      path: '/sign-in/oidc/start',
      permission: 'public',
      why: 'Whoever signs in is nobody yet; it only sends the browser to the provider of the configuration.',
      tag,
      summary: 'Go to the sign-in provider',
      answer: undefined,
      status: 303,
      handle: async ({ request, reply }) => {
        try {
          const { url, browser } = await needOidc().begin(callbackOf(request));
          void reply.header('set-cookie', toSignInCookie(isSecure(request), browser, LIFE_S));
          goTo(reply, url);
        } catch (error) {
          goTo(reply, toProblemPage(error));
        }
      },
    }),
    route({
      method: 'GET',
      path: CALLBACK,
      permission: 'public',
      why: 'Whoever signs in is nobody yet; the answer of the provider, in the browser that began, is the right to become somebody.',
      tag,
      summary: 'Come back from the sign-in provider: the session comes as a cookie',
      query: z.object({}),
      answer: undefined,
      status: 303,
      handle: async ({ request, reply }) => {
        const forget = () => void reply.header('set-cookie', toSignInCookie(isSecure(request), '', 0));
        const browser = readSignInCookie(request.headers, isSecure(request));
        try {
          await acts.run(strangerActOf(request), async () =>
            answerSignedIn(dependencies, request, reply, await needOidc().finish(queryOf(request), browser, originOf(request))),
          );
          forget();
          goTo(reply, '/ui/');
        } catch (error) {
          void reply.removeHeader('set-cookie');
          forget();
          goTo(reply, toProblemPage(error));
        }
      },
    }),
  ];
}
