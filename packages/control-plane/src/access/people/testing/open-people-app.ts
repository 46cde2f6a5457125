import { defaultConfig, type Profile } from '@cluster-ai/contracts';
import { type Clock, createManualClock, silentLogger } from '@cluster-ai/runtime';
import type { FastifyPluginAsync, InjectOptions } from 'fastify';
import { keyRoutes } from '../../../doors/native/keys.ts';
import { passkeyRoutes } from '../../../doors/native/passkeys.ts';
import { type PeopleRouteDependencies, peopleRoutes } from '../../../doors/native/people.ts';
import { renderProblem } from '../../../doors/native/problem.ts';
import { registerRoute } from '../../../doors/native/route.ts';
import { type ActRecorder, type PublicAct, sessionRoutes } from '../../../doors/native/sessions.ts';
import { signInRoutes } from '../../../doors/native/sign-in.ts';
import { tokenRoutes } from '../../../doors/native/tokens.ts';
import { createListener } from '../../../listeners/create-listener.ts';
import type { Database } from '../../../stores/database.ts';
import { createAdmission } from '../../admission.ts';
import { describeAct } from '../../audit/act.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Caller } from '../../caller.ts';
import { type ApiKeys, openApiKeys } from '../../keys/api-keys.ts';
import type { Oidc } from '../../oidc/oidc.ts';
import { openQuotas, type Quotas } from '../../quotas/open-quotas.ts';
import { permissionsOf } from '../../roles.ts';
import type { GivenKeys } from '../../secrets/master-key.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import { openTestSecrets } from '../../secrets/testing/open-test-secrets.ts';
import type { Directory } from '../directory.ts';
import type { ExternalSignIn } from '../external-sign-in.ts';
import { type OpenedPeople, openPeople } from '../open-people.ts';
import type { PasswordHasher } from '../passwords/password-hasher.ts';
import { CSRF_HEADER } from '../session-cookie.ts';
import { createQuickHasher } from './quick-hasher.ts';

export const goodPassword = 'tinta goiaba varal 12';

const owner: Caller = {
  kind: 'host',
  id: 'host',
  ownerId: 'local',
  name: 'the owner of this machine',
  role: 'admin',
  permissions: permissionsOf('admin'),
  models: undefined,
};

/** The real admission, which knows sessions only; with `isHost` also the owner of the machine, who then needs no credential. */
const openAdmission = ({ lookup }: OpenedPeople, keys: Pick<ApiKeys, 'authenticate'>, isHost: boolean) => {
  const admission = createAdmission({
    keys,
    sessions: lookup,
    host: { find: () => undefined },
    local: { permissions: () => undefined },
  });
  return isHost ? { admit: () => owner } : admission;
};

/** One who calls: keeps the cookie as a browser does. */
export interface Visitor {
  cookie: string;
  csrfToken: string;
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tests compare what came, whatever it is
  readonly body: any;
  readonly setCookie: string;
  readonly headers: Record<string, unknown>;
}

export interface PeopleApp extends AsyncDisposable {
  readonly access: OpenedPeople;
  readonly secrets: Secrets;
  readonly keys: ApiKeys;
  readonly quotas: Quotas;
  readonly clock: Clock & { advance(ms: number): Promise<void> };
  readonly acts: readonly PublicAct[];
  visit(address?: string): Visitor;
  /** Opens a port as well, and says its address. */
  listen(): Promise<string>;
  /** Makes the first admin, signed in. */
  setUp(name?: string): Promise<Visitor>;
  signIn(name: string, password?: string, address?: string): Promise<Visitor>;
  /** A person with a password, by invitation; signed in. */
  addPerson(admin: Visitor, name: string, role: string): Promise<Visitor>;
}

export interface PeopleAppOptions {
  readonly hasher?: PasswordHasher;
  readonly clock?: PeopleApp['clock'];
  readonly isHost?: boolean;
  readonly acts?: ActRecorder;
  /** To sign in, from one address. */
  readonly attemptsPerMinute?: number;
  readonly denied?: Audit['denied'];
  readonly given?: Partial<GivenKeys>;
  readonly makeMail?: (parts: { readonly directory: Directory; readonly clock: Clock }) => NonNullable<PeopleRouteDependencies['mail']>;
  readonly makeOidc?: (parts: { readonly external: ExternalSignIn; readonly secrets: Secrets; readonly clock: Clock }) => Oidc;
}

/** The routes of people on a real listener shell over a real database, called without a socket. */
export async function openPeopleApp(
  database: Database,
  {
    hasher = createQuickHasher(),
    clock = createManualClock(),
    isHost = false,
    given,
    makeOidc,
    makeMail,
    acts: recorder,
    attemptsPerMinute,
    denied,
  }: PeopleAppOptions = {},
): Promise<PeopleApp> {
  const adopted: string[] = [];
  const secrets = await openTestSecrets(database, clock, given);
  const keys = await openApiKeys({ database, clock, log: silentLogger });
  const quotas = await openQuotas({ database, clock, log: silentLogger });
  const access = await openPeople({
    database,
    secrets,
    clock,
    log: silentLogger,
    clusterName: 'lab',
    hasher,
    adopt: async (_query, personId) => void adopted.push(personId),
    describeAct,
  });
  const { app } = createListener({
    config: defaultConfig(),
    log: silentLogger,
    renderError: renderProblem,
    admission: openAdmission(access, keys, isHost),
    now: clock.now,
    ...(attemptsPerMinute === undefined ? {} : { attemptsPerMinute }),
    ...(denied === undefined ? {} : { audit: { acts: recorder ?? { run: (_act, work) => work() }, denied } }),
  });
  const acts: PublicAct[] = [];
  const oidc = makeOidc?.({ external: access.external, secrets, clock });
  const dependencies = {
    access,
    clock,
    quotas,
    ...(oidc === undefined ? {} : { oidc }),
    ...(makeMail === undefined ? {} : { mail: makeMail({ directory: access.directory, clock }) }),
    acts: {
      run: <T>(act: PublicAct, work: () => Promise<T>) => {
        acts.push(act);
        return recorder === undefined ? work() : recorder.run(act, work);
      },
    },
  };
  const door: FastifyPluginAsync = async (scope) => {
    for (const route of [
      ...peopleRoutes(dependencies),
      ...sessionRoutes(dependencies),
      ...signInRoutes(dependencies),
      ...passkeyRoutes(dependencies),
      ...tokenRoutes(dependencies),
      ...keyRoutes({ ...dependencies, keys }),
    ])
      registerRoute(scope, route);
  };
  await app.register(door, { prefix: '/api/v1' });

  const visit = (address = '127.0.0.1'): Visitor => {
    const visitor: Visitor = {
      cookie: '',
      csrfToken: '',
      async call(method, path, body, headers = {}) {
        const request: InjectOptions = {
          method,
          url: `/api/v1${path}`,
          remoteAddress: address,
          headers: {
            ...(visitor.cookie === '' ? {} : { cookie: visitor.cookie }),
            ...(visitor.csrfToken === '' ? {} : { [CSRF_HEADER]: visitor.csrfToken }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
        };
        const answer = await app.inject(request);
        const setCookie = String(answer.headers['set-cookie'] ?? '');
        const parsed = answer.body === '' ? undefined : JSON.parse(answer.body);
        if (setCookie !== '') visitor.cookie = setCookie.split(';')[0] ?? '';
        if (answer.statusCode < 300 && (parsed as Profile | undefined)?.csrfToken) visitor.csrfToken = (parsed as Profile).csrfToken ?? '';
        return { status: answer.statusCode, body: parsed, setCookie, headers: answer.headers };
      },
    };
    return visitor;
  };
  const mustBe = (answer: Answer, status: number) => {
    if (answer.status !== status) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  };
  return {
    access,
    secrets,
    keys,
    quotas,
    clock,
    acts,
    visit,
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
    async setUp(name = 'ana') {
      const link = await access.people.openSetup();
      const visitor = visit();
      mustBe(await visitor.call('POST', '/setup', { token: link?.token, name, password: goodPassword }), 201);
      return visitor;
    },
    async signIn(name, password = goodPassword, address) {
      const visitor = visit(address);
      mustBe(await visitor.call('POST', '/sessions', { name, password }), 201);
      return visitor;
    },
    async addPerson(admin, name, role) {
      const invited = await admin.call('POST', '/people/invitations', { role });
      mustBe(invited, 201);
      const visitor = visit();
      mustBe(await visitor.call('POST', '/invitations/accept', { token: invited.body.token, name, password: goodPassword }), 201);
      return visitor;
    },
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await access[Symbol.asyncDispose]();
    },
  };
}
