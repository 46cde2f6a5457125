import { z } from 'zod';
import type { OutgoingAnswer, OutgoingClient, OutgoingRequest } from '../../../outgoing/outgoing-client.ts';
import { readChallenge } from './read-challenge.ts';
import { readJson } from './read-json.ts';
import { refused, toStatusError } from './remote-errors.ts';

/** What is shown to a host: a token, or a name and a password. */
export type Credential = { readonly token: string } | { readonly user: string; readonly password: string };

export interface RegistryPlace {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly repository: string;
  /** `own`: only the registry itself gives out tokens (Ollama's rule). `any`: another host may, to whom nothing of ours is shown. */
  readonly realms: 'own' | 'any';
  readonly scope: 'pull' | 'push,pull';
}

export interface SessionDependencies {
  readonly client: OutgoingClient;
  readonly credentialFor: (host: string) => Promise<Credential | undefined>;
}

const tokenShape = z.object({ token: z.string().max(16_384).optional(), access_token: z.string().max(16_384).optional() });

const toBasic = (credential: Credential): string =>
  'token' in credential
    ? `Bearer ${credential.token}`
    : `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}`;

/** Where tokens come from, if that host may give them out and be shown what we have. */
function toRealm(realm: string, { origin, realms }: RegistryPlace): { readonly url: URL; readonly isOwn: boolean } {
  const host = new URL(origin).host;
  if (!URL.canParse(realm)) throw refused(host, 'a place for tokens that is no address');
  const url = new URL(realm);
  const isOwn = url.origin === origin;
  if (!isOwn && realms === 'own') throw refused(host, `tokens of another host (${url.host})`);
  if (!isOwn && url.protocol !== 'https:' && new URL(origin).protocol === 'https:') throw refused(host, `tokens over ${url.protocol}//`);
  return { url, isOwn };
}

/** Talks to one repository of a registry; fetches a token when one is asked for. A token goes to the registry that asked, and nowhere else. */
export function createRegistrySession({ client, credentialFor }: SessionDependencies, place: RegistryPlace) {
  const { origin, repository, scope } = place;
  const host = new URL(origin).host;
  let authorization: string | undefined;

  async function fetchToken(challenge: string, signal: AbortSignal): Promise<string | undefined> {
    const { scheme, parameters } = readChallenge(challenge);
    const credential = await credentialFor(host);
    if (scheme === 'basic') return credential && toBasic(credential);
    const realm = parameters.get('realm');
    if (scheme !== 'bearer' || realm === undefined) return undefined;
    const { url, isOwn } = toRealm(realm, place);
    if (credential !== undefined && 'token' in credential) return `Bearer ${credential.token}`;
    const service = parameters.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${repository}:${scope}`); // ours, not what the registry says that we want
    const headers: Record<string, string> = { accept: 'application/json' };
    if (isOwn && credential !== undefined) headers['authorization'] = toBasic(credential);
    const answer = await client.send({ url: url.href, headers }, signal);
    if (answer.status !== 200) throw toStatusError(answer.status, url.host, 'a token');
    const { token, access_token } = readJson(answer.body, tokenShape, url.host, 'token');
    const given = token ?? access_token;
    if (given === undefined || !/^[\x21-\x7e]+$/.test(given)) throw refused(url.host, 'a token that is none');
    return `Bearer ${given}`;
  }

  /** After a 401. False when there is nothing else to show. */
  async function renew(challenge: string | undefined, signal: AbortSignal): Promise<boolean> {
    const next = challenge === undefined ? undefined : await fetchToken(challenge, signal);
    authorization = next;
    return next !== undefined;
  }

  const headersNow = (): Record<string, string> => (authorization === undefined ? {} : { authorization });

  /** The answer, whatever its status, after a token was fetched where one was asked for. Only ever to the registry itself. */
  async function send({ headers, ...request }: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
    if (new URL(request.url).origin !== origin) throw refused(host, 'another host for what is meant for it');
    const ask = () => client.send({ ...request, headers: { ...headers, ...headersNow() } }, signal);
    const first = await ask();
    if (first.status !== 401 || !(await renew(first.headers.get('www-authenticate'), signal))) return first;
    return ask();
  }

  const get = (path: string, accept: string, signal: AbortSignal) =>
    send({ url: `${origin}/v2/${repository}/${path}`, headers: { accept } }, signal);

  return {
    host,
    send,
    headersNow,
    /** Throws where `get` would answer with anything but 200. */
    async getWhole(path: string, accept: string, what: string, signal: AbortSignal): Promise<OutgoingAnswer> {
      const answer = await get(path, accept, signal);
      if (answer.status !== 200) throw toStatusError(answer.status, host, what);
      return answer;
    },
    /** For the parts of a blob, which are fetched later and by others. */
    authorize: async (challenge: string | undefined, signal: AbortSignal): Promise<Record<string, string>> => {
      if (challenge !== undefined) await renew(challenge, signal);
      return headersNow();
    },
  };
}
export type RegistrySession = ReturnType<typeof createRegistrySession>;
