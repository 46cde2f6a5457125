import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ClusterError } from '@cluster-ai/contracts';
import { formatJoinToken, type JoinToken, newId, parseJoinToken } from '@cluster-ai/runtime';
import type { JoinTokenRecord } from './node-record.ts';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const askForAnother = 'Ask for a new one: `cluster-ai nodes invite` on the control plane’s machine.';

export interface NewToken {
  /** Shown once, stored nowhere. */
  readonly text: string;
  readonly record: JoinTokenRecord;
}

export function makeJoinToken(
  wish: { readonly name: string; readonly isLocal: boolean; readonly ttlSeconds: number },
  fingerprint: string,
  nowMs: number,
): NewToken {
  const id = newId('t', nowMs).slice(2);
  const secret = randomBytes(32).toString('base64url');
  return {
    text: formatJoinToken({ id, secret, fingerprint }),
    record: {
      id,
      secretHash: hashOf(secret),
      name: wish.name,
      isLocal: wish.isLocal,
      createdAt: nowMs,
      expiresAt: nowMs + wish.ttlSeconds * 1000,
      usedAt: null,
    },
  };
}

/** Reads a token as a stranger sent it. Throws `join_token_invalid`, and `join_token_foreign` when it names another cluster. */
export function readJoinToken(text: string, fingerprint: string): JoinToken {
  const token = parseJoinToken(text);
  if (!token)
    throw new ClusterError('join_token_invalid', 'The join token is not complete.', {
      hint: 'Copy the whole line that `cluster-ai nodes invite` printed.',
    });
  if (token.fingerprint !== fingerprint)
    throw new ClusterError('join_token_foreign', 'The join token was made by another cluster.', {
      hint: 'Use a token of this cluster, or the address of the cluster that made it.',
    });
  return token;
}

/** Throws `join_token_invalid`, `join_token_used` or `join_token_expired`. Whoever does not know the secret learns nothing about the token. */
export function checkJoinToken(token: JoinToken, record: JoinTokenRecord | undefined, nowMs: number): JoinTokenRecord {
  const isRight = record !== undefined && timingSafeEqual(Buffer.from(hashOf(token.secret)), Buffer.from(record.secretHash));
  if (!isRight) throw new ClusterError('join_token_invalid', 'This cluster knows no such join token.', { hint: askForAnother });
  if (record.usedAt !== null)
    throw new ClusterError('join_token_used', `The join token was already used at ${new Date(record.usedAt).toISOString()}.`, {
      hint: `A token is good for one machine. ${askForAnother}`,
    });
  if (record.expiresAt <= nowMs)
    throw new ClusterError('join_token_expired', `The join token expired at ${new Date(record.expiresAt).toISOString()}.`, {
      hint: askForAnother,
    });
  return record;
}
