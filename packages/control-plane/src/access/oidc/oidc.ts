import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type * as OpenIdClient from 'openid-client';
import type { OutgoingClient } from '../../outgoing/outgoing-client.ts';
import type { Database } from '../../stores/database.ts';
import type { ExternalSignIn } from '../people/external-sign-in.ts';
import type { Origin } from '../people/sessions.ts';
import type { SignedIn } from '../people/sign-in.ts';
import { toFetch } from './guarded-fetch.ts';
import { createOidcStarts, derivedOf } from './oidc-starts.ts';
import { type Claims, hasGroups, type OidcConfig, toIdentity } from './read-claims.ts';

/** Sign-in by an OpenID provider: authorization code with PKCE, state and nonce; see `design.md`. */
export interface Oidc {
  /** On the button. */
  readonly label: string;
  /**
   * Where the browser goes, and what it keeps so that only it can come back. `callbackUrl` is our own address for that. Throws
   * `remote_failed` and `address_refused` when the provider cannot be asked.
   */
  begin(callbackUrl: string): Promise<{ readonly url: string; readonly browser: string }>;
  /**
   * What the provider sent the browser back with. Throws `sign_in_expired` for a state that is not this browser's, was used, or is old,
   * `sign_in_refused` for what does not prove anybody, and as `ExternalSignIn.signIn`.
   */
  finish(query: string, browser: string | undefined, origin: Origin): Promise<SignedIn>;
}

/** How long what the provider says of itself is believed. */
const FRESH_MS = 10 * 60_000;

export interface OidcDependencies {
  /** The database itself: strangers begin sign-ins, and that is no act. */
  readonly database: Database;
  readonly config: OidcConfig;
  readonly outgoing: OutgoingClient;
  /** The value of a secret by its name. */
  readonly readSecret: (name: string) => Promise<string>;
  readonly external: ExternalSignIn;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Large, and many clusters never need it. */
const openId = () => import('openid-client');

const expired = () =>
  new ClusterError('sign_in_expired', 'This sign-in took too long, was used already, or began in another browser.', {
    hint: 'Begin again on the sign-in page.',
  });

/** Our own reason for a failure deep in the library: an address that was refused, a provider that does not answer. */
function findClusterError(error: unknown): ClusterError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (isClusterError(cause)) return cause;
  return undefined;
}

const stateOf = (query: string) => new URLSearchParams(query).get('state') ?? '';
const codeOf = (error: unknown) => String((error as { code?: unknown } | undefined)?.code ?? 'unknown').slice(0, 100);

export function createOidc({ database, config, outgoing, readSecret, external, clock, log }: OidcDependencies): Oidc {
  const starts = createOidcStarts(database, clock.now);
  let known: { readonly configuration: OpenIdClient.Configuration; readonly secret: string; readonly until: number } | undefined;

  /** What the library throws, in one sentence for the person and one line for the admin. */
  function toRefusal(error: unknown): ClusterError {
    const code = codeOf(error);
    log.warn({ code, err: error, issuer: config.issuer }, 'A sign-in by the provider was refused');
    return (
      findClusterError(error) ??
      new ClusterError('sign_in_refused', `The sign-in provider did not prove who you are (${code}).`, {
        hint: 'Begin again on the sign-in page; an admin finds the reason in the log.',
        cause: error,
      })
    );
  }

  async function discover(secret: string): Promise<OpenIdClient.Configuration> {
    const library = await openId();
    const options = {
      [library.customFetch]: toFetch(outgoing),
      execute: new URL(config.issuer).protocol === 'http:' ? [library.allowInsecureRequests] : [],
    };
    const found = await library.discovery(new URL(config.issuer), config.clientId, undefined, library.None(), options);
    const methods = found.serverMetadata().token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const prove = methods.includes('client_secret_basic') ? library.ClientSecretBasic : library.ClientSecretPost;
    const configuration = new library.Configuration(
      found.serverMetadata(),
      config.clientId,
      undefined,
      secret === '' ? library.None() : prove(secret),
    );
    configuration[library.customFetch] = options[library.customFetch];
    for (const allow of options.execute) allow(configuration);
    library.enableNonRepudiationChecks(configuration); // the signature too, not only the connection that it came by
    return configuration;
  }

  async function connect(): Promise<OpenIdClient.Configuration> {
    const secret = config.clientSecret === '' ? '' : await readSecret(config.clientSecret);
    if (known?.secret === secret && known.until > clock.now()) return known.configuration;
    const configuration = await discover(secret).catch((error: unknown) => {
      throw toRefusal(error);
    });
    known = { configuration, secret, until: clock.now() + FRESH_MS };
    return configuration;
  }

  async function proveIdentity(query: string, browser: string, callbackUrl: string): Promise<Claims & { sub: string }> {
    const library = await openId();
    const configuration = await connect();
    const current = new URL(callbackUrl);
    current.search = query;
    const tokens = await library.authorizationCodeGrant(configuration, current, {
      pkceCodeVerifier: derivedOf(browser, 'verifier'),
      expectedState: stateOf(query),
      expectedNonce: derivedOf(browser, 'nonce'),
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('The provider gave no ID token.');
    if (hasGroups(claims, config) || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await library.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  }

  return {
    label: config.label,
    async begin(callbackUrl) {
      const library = await openId();
      const configuration = await connect();
      const redirectUrl = config.redirectUrl || callbackUrl;
      const { state, browser } = await starts.add(redirectUrl);
      const url = library.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUrl,
        scope: [...new Set(['openid', ...config.scopes])].join(' '),
        code_challenge: await library.calculatePKCECodeChallenge(derivedOf(browser, 'verifier')),
        code_challenge_method: 'S256',
        state,
        nonce: derivedOf(browser, 'nonce'),
      });
      return { url: url.href, browser };
    },
    async finish(query, browser, origin) {
      const begun = await starts.take(stateOf(query), browser);
      if (begun === undefined || browser === undefined) throw expired();
      const claims = await proveIdentity(query, browser, begun.callbackUrl).catch((error: unknown) => {
        throw toRefusal(error);
      });
      return external.signIn(toIdentity(claims, config), origin);
    },
  };
}
