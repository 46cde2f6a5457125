import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';

/*
 * A session in a browser. With TLS the name begins with `__Host-`, which browsers take from this very host only; on plain HTTP, which is spoken
 * on loopback alone, they would refuse that name.
 */

type Name = 'cai_session' | 'cai_sign_in';
export const CSRF_HEADER = 'x-csrf-token';

interface Incoming {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

const nameFor = (name: Name, isSecure: boolean) => (isSecure ? `__Host-${name}` : name);

function cookie(name: Name, isSecure: boolean, value: string, maxAgeSeconds: number): string {
  const site = name === 'cai_session' ? 'Strict' : 'Lax';
  const attributes = ['Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', `SameSite=${site}`, ...(isSecure ? ['Secure'] : [])];
  return `${nameFor(name, isSecure)}=${value}; ${attributes.join('; ')}`;
}

/** The value of `Set-Cookie` that begins a session. */
export const toSessionCookie = (isSecure: boolean, token: string, expiresAt: number, now: number): string =>
  cookie('cai_session', isSecure, token, Math.max(0, Math.floor((expiresAt - now) / 1000)));

/** The value of `Set-Cookie` that makes a browser forget it. */
export const toEndedCookie = (isSecure: boolean): string => cookie('cai_session', isSecure, '', 0);

/** What a browser keeps while it is at a sign-in provider, which sends it back from another site. An empty value makes it forget that. */
export const toSignInCookie = (isSecure: boolean, value: string, maxAgeSeconds: number): string =>
  cookie('cai_sign_in', isSecure, value, maxAgeSeconds);

/** Two cookies of one name are none: one was planted by somebody. */
function readCookie({ cookie: header }: IncomingHttpHeaders, named: Name, isSecure: boolean): string | undefined {
  const name = `${nameFor(named, isSecure)}=`;
  const found = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(name));
  return found.length === 1 ? found[0]?.slice(name.length) : undefined;
}

/** The session's token in a request's cookie. */
export const readSessionCookie = (headers: IncomingHttpHeaders, isSecure: boolean): string | undefined =>
  readCookie(headers, 'cai_session', isSecure);

export const readSignInCookie = (headers: IncomingHttpHeaders, isSecure: boolean): string | undefined =>
  readCookie(headers, 'cai_sign_in', isSecure);

const foreign = () =>
  new ClusterError('origin_not_allowed', 'Web pages of other sites may not use this address.', {
    hint: 'Open our own page under /ui, or call with a key.',
  });

/**
 * For what changes something and comes without a key: a page of ours or a program. `Origin` itself is compared with `Host` by every listener;
 * a site beside ours (another port or a subdomain) is a stranger as well.
 */
export function checkSameSite(request: Incoming): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign();
}

const isRead = (method: string) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/**
 * For requests whose caller came by cookie, which a browser sends whoever asked it to: what changes something must prove that a page of ours
 * sent it. The proof is a header that a foreign page can neither read nor set. Throws `origin_not_allowed`.
 */
export function checkCsrf(request: Incoming, csrfToken: string): void {
  if (isRead(request.method)) return;
  checkSameSite(request);
  const given = Buffer.from(String(request.headers[CSRF_HEADER] ?? ''));
  const wanted = Buffer.from(csrfToken);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw foreign();
}
