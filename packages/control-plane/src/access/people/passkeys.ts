import { isIP } from 'node:net';
import { type AddPasskeyInput, ClusterError, type Passkey, type PasskeyOptions, type PasskeySignInInput } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { VerifiedRegistrationResponse } from '@simplewebauthn/server';
import type { PasskeyRow } from '../../stores/tables.ts';
import { createChallenges } from './challenges.ts';
import type { Directory } from './directory.ts';
import type { PersonRecord } from './person-record.ts';
import type { Origin, Sessions } from './sessions.ts';
import type { DescribeAct, SignedIn } from './sign-in.ts';

/** Where the page stands that asks: a passkey belongs to its host name. */
export interface Site {
  /** `https://host:port`, as browsers write it. */
  readonly origin: string;
  readonly host: string;
}

/** Sign-in by a key that a telephone, a computer or a stick keeps. It knows its owner (PIN, finger, face), so that no second factor is asked for. */
export interface Passkeys {
  list(personId: string): Promise<readonly Passkey[]>;
  /** Throws `unsupported_feature` where the page was opened by a number instead of a name. */
  begin(person: PersonRecord, site: Site): Promise<PasskeyOptions>;
  /** Throws `credentials_invalid` when it does not prove what it should, `already_exists`. */
  add(person: PersonRecord, wish: AddPasskeyInput, site: Site): Promise<Passkey>;
  /** Throws `passkey_not_found`. */
  remove(personId: string, id: string): Promise<void>;
  /** What a browser needs to sign somebody in, whoever that will be. Throws as `begin`. */
  beginSignIn(site: Site): Promise<PasskeyOptions>;
  /** Throws `credentials_invalid`: one answer for every reason. */
  signIn(answer: PasskeySignInInput, site: Site, origin: Origin): Promise<SignedIn>;
}

/** Large, and many clusters never need it. */
const webAuthn = () => import('@simplewebauthn/server');

type Purpose = { readonly type: 'add'; readonly personId: string } | { readonly type: 'sign-in' };

const invalid = (cause?: unknown) =>
  new ClusterError('credentials_invalid', 'The passkey did not prove who you are.', {
    hint: 'Try again, or sign in with your password.',
    cause,
  });

function checkSite({ host }: Site): void {
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0)
    throw new ClusterError('unsupported_feature', 'Passkeys need a host name, and this page was opened by a number.', {
      hint: 'On this machine open http://localhost instead of http://127.0.0.1.',
    });
}

const toTime = (ms: number) => new Date(ms).toISOString();
const toPasskey = (row: PasskeyRow): Passkey => ({
  id: row.id,
  name: row.name,
  host: row.rp_id,
  createdAt: toTime(row.created_at),
  lastUsedAt: row.last_used_at === null ? null : toTime(row.last_used_at),
});

/** The challenge that an authenticator says it signed. It is looked up before anything else is believed. */
function challengeOf(clientDataJson: string): string {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString('utf8')) as { challenge?: unknown };
    return typeof challenge === 'string' ? challenge : '';
  } catch {
    return '';
  }
}

export interface PasskeysDependencies {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly clusterName: string;
  readonly describeAct: DescribeAct;
}

export function createPasskeys({ directory, sessions, clock, clusterName, describeAct }: PasskeysDependencies): Passkeys {
  const challenges = createChallenges<Purpose>();
  const rowsOf = (personId: string) =>
    directory.read((query) => query.selectFrom('passkeys').selectAll().where('person_id', '=', personId).orderBy('created_at').execute());

  async function verifyNew(wish: AddPasskeyInput, challenge: string, site: Site): Promise<VerifiedRegistrationResponse> {
    const { verifyRegistrationResponse } = await webAuthn();
    return verifyRegistrationResponse({
      response: { ...wish.credential, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.host,
    }).catch((error: unknown) => {
      throw invalid(error);
    });
  }
  async function verifyUse({ credential }: PasskeySignInInput, row: PasskeyRow, challenge: string, site: Site): Promise<number> {
    const { userHandle, ...response } = credential.response;
    const { verifyAuthenticationResponse } = await webAuthn();
    const verified = await verifyAuthenticationResponse({
      response: { ...credential, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: row.rp_id,
      credential: { id: row.id, publicKey: new Uint8Array(row.public_key), counter: row.counter },
    }).catch((error: unknown) => {
      throw invalid(error);
    });
    if (!verified.verified) throw invalid();
    return verified.authenticationInfo.newCounter;
  }

  return {
    list: async (personId) => (await rowsOf(personId)).map(toPasskey),
    async begin(person, site) {
      checkSite(site);
      const known = await rowsOf(person.id);
      const { generateRegistrationOptions } = await webAuthn();
      const options = await generateRegistrationOptions({
        rpName: `Cluster AI (${clusterName})`,
        rpID: site.host,
        userName: person.name,
        userDisplayName: person.displayName || person.name,
        userID: new TextEncoder().encode(person.id),
        challenge: Buffer.from(challenges.add({ type: 'add', personId: person.id }, clock.now()), 'base64url'),
        excludeCredentials: known.map(({ id }) => ({ id })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      return { options: { ...options } };
    },
    async add(person, wish, site) {
      const challenge = challengeOf(wish.credential.response.clientDataJSON);
      const purpose = challenges.take(challenge, clock.now());
      if (purpose?.type !== 'add' || purpose.personId !== person.id) throw invalid();
      const { verified, registrationInfo } = await verifyNew(wish, challenge, site);
      if (!verified) throw invalid();
      const { id, publicKey, counter } = registrationInfo.credential;
      const row: PasskeyRow = {
        id,
        person_id: person.id,
        name: wish.name || 'passkey',
        rp_id: site.host,
        public_key: publicKey,
        counter,
        created_at: clock.now(),
        last_used_at: null,
      };
      await directory.change((query) => query.insertInto('passkeys').values(row).execute());
      return toPasskey(row);
    },
    async remove(personId, id) {
      const removed = await directory.change((query) =>
        query.deleteFrom('passkeys').where('id', '=', id).where('person_id', '=', personId).executeTakeFirst(),
      );
      if (removed.numDeletedRows === 0n) throw new ClusterError('passkey_not_found', 'You have no such passkey.');
    },
    async beginSignIn(site) {
      checkSite(site);
      const { generateAuthenticationOptions } = await webAuthn();
      const options = await generateAuthenticationOptions({
        rpID: site.host,
        challenge: Buffer.from(challenges.add({ type: 'sign-in' }, clock.now()), 'base64url'),
        userVerification: 'required', // and no list of credentials: nobody learns from it who has one
      });
      return { options: { ...options } };
    },
    async signIn(answer, site, origin) {
      const challenge = challengeOf(answer.credential.response.clientDataJSON);
      if (challenges.take(challenge, clock.now())?.type !== 'sign-in') throw invalid();
      const row = await directory.read((query) =>
        query.selectFrom('passkeys').selectAll().where('id', '=', answer.credential.id).executeTakeFirst(),
      );
      if (row === undefined) throw invalid();
      const counter = await verifyUse(answer, row, challenge, site);
      const session = await directory.change(async (query) => {
        const used = await query
          .updateTable('passkeys')
          .set({ counter, last_used_at: clock.now() })
          .where('id', '=', row.id)
          .where('counter', '=', row.counter)
          .executeTakeFirst();
        const person = await query.selectFrom('people').select('state').where('id', '=', row.person_id).executeTakeFirst();
        if (used.numUpdatedRows === 0n || person?.state !== 'active') throw invalid();
        describeAct({ target: row.person_id });
        return sessions.begin(query, row.person_id, origin);
      });
      return { ...session, personId: row.person_id };
    },
  };
}
