import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const clientId = 'cluster';

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Host and port, for the guarded client. */
  readonly host: string;
  /** What it says of whom, by the name that is typed at its sign-in. */
  readonly accounts: Map<string, Readonly<Record<string, unknown>>>;
  /** Where it sends browsers back. Set before it is first called. */
  callbackUrl: string;
  /** Answers some requests itself, as a provider would that lies. Gives whether it did. */
  lie: (...request: Parameters<RequestListener>) => boolean;
}

/** The package's provider, with the people of a test. */
function createProvider({ issuer, accounts, callbackUrl }: TestProvider, clientSecret: string): RequestListener {
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [callbackUrl] }],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    pkce: { required: () => true },
    cookies: { keys: ['of a test'] },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ ...accounts.get(id), sub: id }) }),
  });
  return provider.callback();
}

/** A real OpenID provider on this machine, whose people sign in with any password. */
export async function startProvider(clientSecret: string, name = '127.0.0.1'): Promise<TestProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `${name}:${(server.address() as AddressInfo).port}`;
  let answer: RequestListener | undefined;
  const opened: TestProvider = {
    issuer: `http://${host}`,
    host,
    accounts: new Map(),
    callbackUrl: '',
    lie: () => false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
  server.on('request', (request, response) => {
    if (opened.lie(request, response)) return;
    answer ??= createProvider(opened, clientSecret);
    answer(request, response);
  });
  return opened;
}
