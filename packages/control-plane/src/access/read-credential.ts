import type { IncomingHttpHeaders } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';
import { readSessionCookie } from './people/session-cookie.ts';

/** What a request brings to say who it is. */
export type Credential =
  | { readonly kind: 'bearer'; readonly text: string }
  | { readonly kind: 'cookie'; readonly text: string }
  | { readonly kind: 'none' };

const bearerPattern = /^bearer +([^\s]+) *$/i;
const longestCredential = 4096;

const two = () =>
  new ClusterError('unauthorized', 'The request carries two different keys.', {
    hint: 'Send one: Authorization: Bearer KEY.',
  });

/**
 * The one place where credentials are read, whatever the door: `Authorization: Bearer`, `x-api-key` as Anthropic's clients send it, or the page's cookie.
 * A key elsewhere (query, other headers) is not looked at. Throws `unauthorized` for two that differ.
 */
export function readCredential(headers: IncomingHttpHeaders, isSecure: boolean): Credential {
  const { authorization } = headers;
  const bearer = authorization === undefined ? undefined : bearerPattern.exec(authorization)?.[1];
  const named = headers['x-api-key'];
  if (Array.isArray(named) || (bearer !== undefined && named !== undefined && named !== bearer)) throw two();
  const text = bearer ?? named;
  if (text !== undefined && text !== '') {
    if (text.length > longestCredential) throw new ClusterError('unauthorized', 'The key is longer than any key of ours.');
    return { kind: 'bearer', text };
  }
  const session = readSessionCookie(headers, isSecure);
  return session === undefined || session === '' ? { kind: 'none' } : { kind: 'cookie', text: session };
}
