import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import { formatJoinToken, type JoinToken, newId, parseJoinToken } from '@cluster-ai/runtime';
import type { JoinTokenRecord } from './node-record.ts';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
const askForAnother = phrase('ask_for_another');

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
    throw new ClusterError('join_token_invalid', phrase('token_incomplete'), {
      hint: phrase('copy_the_whole_line'),
    });
  if (token.fingerprint !== fingerprint)
    throw new ClusterError('join_token_foreign', phrase('token_foreign'), {
      hint: phrase('use_own_token'),
    });
  return token;
}

/** Throws `join_token_invalid`, `join_token_used` or `join_token_expired`. Whoever does not know the secret learns nothing about the token. */
export function checkJoinToken(token: JoinToken, record: JoinTokenRecord | undefined, nowMs: number): JoinTokenRecord {
  const isRight = record !== undefined && timingSafeEqual(Buffer.from(hashOf(token.secret)), Buffer.from(record.secretHash));
  if (!isRight) throw new ClusterError('join_token_invalid', phrase('token_unknown'), { hint: askForAnother });
  if (record.usedAt !== null)
    throw new ClusterError('join_token_used', phrase('token_used', { time: new Date(record.usedAt).toISOString() }), {
      hint: [phrase('token_for_one_machine'), askForAnother],
    });
  if (record.expiresAt <= nowMs)
    throw new ClusterError('join_token_expired', phrase('token_expired', { time: new Date(record.expiresAt).toISOString() }), {
      hint: askForAnother,
    });
  return record;
}
