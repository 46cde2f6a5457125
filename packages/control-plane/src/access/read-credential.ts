import type { IncomingHttpHeaders } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';

/** What a request brings to say who it is. */
export type Credential =
  | { readonly kind: 'bearer'; readonly text: string }
  | { readonly kind: 'cookie'; readonly text: string }
  | { readonly kind: 'none' };

const bearerPattern = /^bearer +([^\s]+) *$/i;
const cookieNames = ['__Host-cai_session', 'cai_session'];
const longestCredential = 4096;

function cookieOf(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && cookieNames.includes(pair.slice(0, at).trim())) return pair.slice(at + 1).trim();
  }
  return undefined;
}

const two = () =>
  new ClusterError('unauthorized', 'The request carries two different keys.', {
    hint: 'Send one: Authorization: Bearer KEY.',
  });

/**
 * The one place where credentials are read, whatever the door: `Authorization: Bearer`, `x-api-key` as Anthropic's clients send it, or the page's cookie.
 * A key elsewhere (query, other headers) is not looked at. Throws `unauthorized` for two that differ.
 */
export function readCredential(headers: IncomingHttpHeaders): Credential {
  const { authorization, cookie } = headers;
  const bearer = authorization === undefined ? undefined : bearerPattern.exec(authorization)?.[1];
  const named = headers['x-api-key'];
  if (Array.isArray(named) || (bearer !== undefined && named !== undefined && named !== bearer)) throw two();
  const text = bearer ?? named;
  if (text !== undefined && text !== '') {
    if (text.length > longestCredential) throw new ClusterError('unauthorized', 'The key is longer than any key of ours.');
    return { kind: 'bearer', text };
  }
  const session = cookieOf(cookie);
  return session === undefined || session === '' ? { kind: 'none' } : { kind: 'cookie', text: session };
}
