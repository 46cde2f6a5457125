import {
  ClusterError,
  choosePasswordShape,
  forgottenPasswordShape,
  newcomerShape,
  profileShape,
  setupStateShape,
} from '@cluster-ai/contracts';
import { checkSameSite } from '../../access/people/session-cookie.ts';
import type { PeopleRouteDependencies } from './people.ts';
import { type NativeRoute, route } from './route.ts';
import { actOf, answerSignedIn, LITTLE, originOf } from './sessions.ts';

const tag = 'people';

function forgottenRoute({ mail }: PeopleRouteDependencies): NativeRoute {
  return route({
    method: 'POST',
    path: '/passwords/forgotten',
    permission: 'public',
    rateClass: 'auth',
    why: 'Who forgot the password cannot sign in; the answer says nothing, and the link goes to the address that the person has here.',
    tag,
    maxBodyBytes: LITTLE,
    summary: 'Ask for a link for a new password by mail; the answer is the same whoever that is',
    body: forgottenPasswordShape,
    answer: undefined,
    handle: async ({ body, request }) => {
      checkSameSite(request);
      if (mail === undefined)
        throw new ClusterError('unsupported_feature', 'This cluster sends no mail.', {
          hint: 'Ask an admin for a link for a new password.',
        });
      delete request.forgiveAttempt; // it is answered well each time, and must be slow all the same
      mail.forgotten.ask(body.person, body.language, request.ip);
    },
  });
}

/** The way in: for whoever has no login yet, and holds a link instead. */
export function linkRoutes(dependencies: PeopleRouteDependencies): readonly NativeRoute[] {
  const { access, acts } = dependencies;
  const { people } = access;
  return [
    forgottenRoute(dependencies),
    route({
      method: 'GET',
      path: '/setup',
      permission: 'public',
      why: 'The page must know whether to show the set-up or the sign-in; it says nothing else.',
      tag,
      summary: 'Whether the first admin is still to come',
      answer: setupStateShape,
      handle: async () => ({ isOpen: people.isSetupOpen() }),
    }),
    route({
      method: 'POST',
      path: '/setup',
      permission: 'public',
      rateClass: 'auth',
      why: 'Nobody has a login yet; the one-use token of the first start is the right to make one.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'Make the first admin, by the link that the first start printed',
      body: newcomerShape,
      answer: profileShape,
      status: 201,
      handle: async ({ body, request, reply }) =>
        acts.run(actOf(request), async () => answerSignedIn(dependencies, request, reply, await people.setUp(body, originOf(request)))),
    }),
    route({
      method: 'POST',
      path: '/invitations/accept',
      permission: 'public',
      rateClass: 'auth',
      why: 'The newcomer has no login yet; the one-use token of the invitation is the right to make one.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'Make a login, by an invitation',
      body: newcomerShape,
      answer: profileShape,
      status: 201,
      handle: async ({ body, request, reply }) =>
        acts.run(actOf(request), async () =>
          answerSignedIn(dependencies, request, reply, await people.acceptInvitation(body, originOf(request))),
        ),
    }),
    route({
      method: 'POST',
      path: '/passwords/choose',
      permission: 'public',
      rateClass: 'auth',
      why: 'Whoever has no password cannot sign in; the one-use token of the link is the right to choose one.',
      tag,
      maxBodyBytes: LITTLE,
      summary: 'Choose a password, by a link',
      body: choosePasswordShape,
      answer: profileShape,
      handle: async ({ body, request, reply }) =>
        acts.run(actOf(request), async () =>
          answerSignedIn(dependencies, request, reply, await people.choosePassword(body, originOf(request))),
        ),
    }),
  ];
}
