import { timingSafeEqual } from 'node:crypto';
import { ClusterError, type Tokens as IssuedTokens } from '@cluster-ai/contracts';
import { type Clock, newId } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import { besideActs } from '../audit/act.ts';
import type { Directory, SessionCaller } from './directory.ts';
import { hashSecret, newSecretToken } from './secret-token.ts';
import type { Origin, Sessions } from './sessions.ts';
import type { Credentials, DescribeAct, SignIn } from './sign-in.ts';
import type { TokenKeys } from './token-keys.ts';

const ACCESS_SECONDS = 600;
const AUDIENCE = 'cluster-ai';
const TYPE = 'at+jwt';
/** Verdicts that are remembered, so that a token costs its check once and not with every request. */
const MOST_VERDICTS = 10_000;

/** Tokens for programs of a person. A pair belongs to a session of its own, and ends with it. */
export interface TokenIssuer {
  /** Throws as `SignIn.signIn`. */
  issue(credentials: Credentials, origin: Origin): Promise<IssuedTokens>;
  /**
   * A new pair for a refresh token, which is good for that once. Throws `credentials_invalid` for one that was never made, and
   * `session_ended`; a second use of one ends the session, since two have it.
   */
  refresh(refreshToken: string): Promise<IssuedTokens>;
  /** Ends the session of a refresh token. Throws `credentials_invalid` for one that was never made. */
  revoke(refreshToken: string): Promise<void>;
  /** Checks an access token once, so that `find` knows it. */
  prepare(text: string): Promise<void>;
  /** Who holds this access token; `undefined` when it is none of ours or was not prepared. */
  find(text: string): SessionCaller | 'ended' | undefined;
}

export const looksLikeAccessToken = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

interface Verdict {
  readonly sessionId: string;
  readonly until: number;
}

interface RefreshToken {
  readonly sessionId: string;
  readonly family: string;
  readonly current: string;
}

const PREFIX = 'cai_rt_';
const formatRefreshToken = ({ sessionId, family, current }: RefreshToken) =>
  `${PREFIX}${sessionId.slice('session_'.length)}.${family}.${current}`;

function parseRefreshToken(text: string): RefreshToken | undefined {
  const found = /^cai_rt_([0-9a-z]{26})\.([\w-]{43})\.([\w-]{43})$/.exec(text);
  const [, id, family, current] = found ?? [];
  return id === undefined || family === undefined || current === undefined ? undefined : { sessionId: `session_${id}`, family, current };
}

const isHashOf = (secret: string, hash: string) => timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(hash));

const invalid = () => new ClusterError('credentials_invalid', 'The refresh token is none of this cluster.', { hint: 'Sign in again.' });
const ended = () => new ClusterError('session_ended', 'This session has ended.', { hint: 'Sign in again.' });
const reused = () =>
  new ClusterError('session_ended', 'The refresh token was used before: somebody else may have it, so that this session has ended.', {
    hint: 'Sign in again. If it was not your program that used it twice, change your password.',
  });

export interface TokensDependencies {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly keys: TokenKeys;
  readonly clock: Clock;
  readonly clusterName: string;
  readonly describeAct: DescribeAct;
}

export function createTokenIssuer({ directory, sessions, signIn, keys, clock, clusterName, describeAct }: TokensDependencies): TokenIssuer {
  const issuer = `urn:cluster-ai:${encodeURIComponent(clusterName)}`;
  const verdicts = new Map<string, Verdict>();
  const jose = () => import('jose'); // for those who want tokens

  async function signAccess(personId: string, sessionId: string): Promise<string> {
    const { SignJWT } = await jose();
    const { id, key } = await keys.forSigning();
    const now = Math.floor(clock.now() / 1000);
    return new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: id })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(personId)
      .setJti(newId('token', clock.now()))
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + ACCESS_SECONDS)
      .sign(key);
  }
  const toPair = async (personId: string, token: RefreshToken): Promise<IssuedTokens> => ({
    accessToken: await signAccess(personId, token.sessionId),
    tokenType: 'Bearer',
    expiresInSeconds: ACCESS_SECONDS,
    refreshToken: formatRefreshToken(token),
  });

  /** Of a token that we made. Throws `credentials_invalid`. */
  async function getFamily(query: Query, token: RefreshToken) {
    const family = await query.selectFrom('token_families').selectAll().where('session_id', '=', token.sessionId).executeTakeFirst();
    if (family === undefined || !isHashOf(token.family, family.family_hash)) throw invalid();
    return family;
  }

  /** Within one transaction: the next token of its family. A reuse has to be committed, so that it is no exception here. */
  async function rotate(query: Query, token: RefreshToken): Promise<{ personId: string; next: RefreshToken } | 'reused'> {
    const family = await getFamily(query, token);
    const session = await query.selectFrom('sessions').selectAll().where('id', '=', token.sessionId).executeTakeFirst();
    const person = await query
      .selectFrom('people')
      .select('state')
      .where('id', '=', session?.person_id ?? '')
      .executeTakeFirst();
    if (session === undefined || session.ended_at !== null || session.expires_at <= clock.now() || person?.state !== 'active')
      throw ended();
    describeAct({ target: session.person_id });
    if (!isHashOf(token.current, family.current_hash)) {
      describeAct({ details: { reused: true, session: session.id } });
      await query.updateTable('sessions').set({ ended_at: clock.now() }).where('id', '=', session.id).execute();
      return 'reused';
    }
    const next = { ...token, current: newSecretToken() };
    await query
      .updateTable('token_families')
      .set({ current_hash: hashSecret(next.current), rotated_at: clock.now() })
      .where('session_id', '=', session.id)
      .execute();
    return { personId: session.person_id, next };
  }

  async function check(text: string): Promise<Verdict | undefined> {
    const { jwtVerify } = await jose();
    const { payload } = await jwtVerify(
      text,
      async ({ kid }) => {
        const key = typeof kid === 'string' ? await keys.forChecking(kid) : undefined;
        if (key === undefined) throw new Error('It names no key of ours.');
        return key;
      },
      {
        algorithms: ['EdDSA'],
        issuer,
        audience: AUDIENCE,
        typ: TYPE,
        requiredClaims: ['exp', 'nbf', 'iat', 'jti', 'sub', 'sid'],
        maxTokenAge: ACCESS_SECONDS,
        currentDate: new Date(clock.now()),
      },
    );
    return { sessionId: String(payload['sid']), until: Number(payload.exp) * 1000 };
  }

  function remember(text: string, verdict: Verdict): void {
    const [oldest] = verdicts.keys();
    if (verdicts.size >= MOST_VERDICTS && oldest !== undefined) verdicts.delete(oldest);
    verdicts.set(hashSecret(text), verdict);
  }

  return {
    async issue(credentials, origin) {
      await besideActs(keys.forSigning); // may have to make one, and nobody has proved anything yet
      const { personId, token } = await signIn.prove(credentials, origin, async (query, id) => {
        const session = await sessions.begin(query, id, origin, 'tokens');
        const first = { sessionId: session.id, family: newSecretToken(), current: newSecretToken() };
        await query
          .insertInto('token_families')
          .values({
            session_id: session.id,
            family_hash: hashSecret(first.family),
            current_hash: hashSecret(first.current),
            rotated_at: clock.now(),
          })
          .execute();
        return { personId: id, token: first };
      });
      return toPair(personId, token);
    },
    async refresh(refreshToken) {
      const token = parseRefreshToken(refreshToken);
      if (token === undefined) throw invalid();
      if (sessions.findById(token.sessionId) === 'ended') throw ended();
      await directory.read((query) => getFamily(query, token)); // a stranger's guess is no transaction, and no entry of its own
      const outcome = await directory.change((query) => rotate(query, token));
      if (outcome === 'reused') throw reused();
      return toPair(outcome.personId, outcome.next);
    },
    async revoke(refreshToken) {
      const token = parseRefreshToken(refreshToken);
      if (token === undefined) throw invalid();
      await directory.read((query) => getFamily(query, token));
      await directory.change(async (query) => {
        const session = await query.selectFrom('sessions').select('person_id').where('id', '=', token.sessionId).executeTakeFirst();
        describeAct({ target: session?.person_id ?? '', details: { session: token.sessionId } });
        await query
          .updateTable('sessions')
          .set({ ended_at: clock.now() })
          .where('id', '=', token.sessionId)
          .where('ended_at', 'is', null)
          .execute();
      });
    },
    async prepare(text) {
      if (!looksLikeAccessToken(text) || verdicts.has(hashSecret(text))) return;
      const verdict = await check(text).catch(() => undefined); // whatever is wrong with it: it is nobody's
      if (verdict !== undefined) remember(text, verdict);
    },
    find(text) {
      if (!looksLikeAccessToken(text)) return undefined;
      const verdict = verdicts.get(hashSecret(text));
      if (verdict === undefined || verdict.until <= clock.now()) return undefined;
      return sessions.findById(verdict.sessionId);
    },
  };
}
