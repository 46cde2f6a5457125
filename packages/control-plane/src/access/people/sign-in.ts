import { randomBytes } from 'node:crypto';
import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import type { Directory } from './directory.ts';
import { isOutdated, toUnmatchableHash } from './passwords/argon2-parameters.ts';
import { normalizePassword } from './passwords/check-password.ts';
import type { PasswordHasher } from './passwords/password-hasher.ts';
import type { PersonRecord } from './person-record.ts';
import type { NewSession, Origin, Sessions } from './sessions.ts';
import type { SignInDelays } from './sign-in-delays.ts';
import type { CheckedCode, Totp } from './totp.ts';

/** Tells the record of acts whom an act is about. */
export type DescribeAct = (facts: { readonly target?: string; readonly details?: Readonly<Record<string, unknown>> }) => void;

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly code?: string | undefined;
}

export interface SignIn {
  /**
   * A session for whoever proves to be somebody. Throws `credentials_invalid` (the same for an unknown name, a wrong password and a disabled
   * person, after the same work), `second_factor_required`, or `too_many_requests` with the time to wait.
   */
  signIn(credentials: Credentials, origin: Origin): Promise<SignedIn>;
  /** The same proof, for something else that begins with it in the same transaction. Throws as `signIn`. */
  prove<T>(credentials: Credentials, origin: Origin, begin: (query: Query, personId: string) => Promise<T>): Promise<T>;
  /** For who has proved otherwise to be this person: the code, where codes are on. What it gives burns the code, in the transaction of the act. */
  proveCode(person: PersonRecord, code: string | undefined): Promise<(query: Query) => Promise<void>>;
  /** Whether this is the person's password. Wrong ones count as wrong sign-ins. Throws as `signIn`. */
  provePassword(person: PersonRecord, password: string, origin: Origin): Promise<void>;
}

export interface SignedIn extends NewSession {
  readonly personId: string;
}

export interface SignInDependencies {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly totp: Totp;
  readonly hasher: PasswordHasher;
  readonly delays: SignInDelays;
  readonly clock: Clock;
  readonly describeAct: DescribeAct;
}

const invalid = () =>
  new ClusterError('credentials_invalid', 'The name or password is not right.', {
    hint: 'An admin can send you a link for a new password.',
  });
const wrongCode = () =>
  new ClusterError('credentials_invalid', 'The code is not right.', { param: 'code', hint: 'Wait for the next one.' });
const codeNeeded = () =>
  new ClusterError('second_factor_required', 'Send the code of your authenticator app as well, or a recovery code.', { param: 'code' });

function tooOften(waitMs: number): ClusterError {
  const seconds = Math.ceil(waitMs / 1000);
  return new ClusterError(
    'too_many_requests',
    `Too many wrong tries for this name from this address. The next one is possible in ${seconds} s.`,
    {
      retryAfterSeconds: seconds,
    },
  );
}

const ANY_ADDRESS = '';

/** As a name is stored. Whatever else somebody sends is nobody's. */
const normalizeName = (name: string) => name.normalize('NFKC').trim().toLowerCase();

export function createSignIn({ directory, sessions, totp, hasher, delays, clock, describeAct }: SignInDependencies): SignIn {
  const nobodysHash = toUnmatchableHash(randomBytes(48)); // so that an unknown name costs the time of a known one

  async function matches(person: PersonRecord | undefined, password: string): Promise<boolean> {
    const canSignIn = person?.state === 'active' && person.passwordHash !== null;
    const isRight = await hasher.verify(canSignIn ? (person.passwordHash ?? nobodysHash) : nobodysHash, password);
    return isRight && canSignIn;
  }
  /** Counts a try before its work is done, since guesses that come together count as well; a try that we refused ourselves does not count. */
  async function count<T>(name: string, address: string, work: () => Promise<T>): Promise<T> {
    const waitMs = delays.waitMs(name, address, clock.now());
    if (waitMs > 0) throw tooOften(waitMs);
    const forgive = delays.failed(name, address, clock.now());
    return work().catch((error: unknown) => {
      if (!isClusterError(error) || error.code !== 'credentials_invalid') forgive();
      throw error;
    });
  }
  async function matchPerson(person: PersonRecord | undefined, password: string): Promise<PersonRecord> {
    const isRight = await matches(person, password);
    if (person === undefined || !isRight) throw invalid();
    return person;
  }
  async function checkCode(person: PersonRecord, code: string): Promise<CheckedCode> {
    const checked = await totp.check(person.id, code);
    if (checked === undefined) throw wrongCode();
    return checked;
  }
  /** Whoever guesses codes knows the password already, so that all addresses are counted as one here. */
  async function checkSecondFactor(person: PersonRecord, code: string | undefined): Promise<CheckedCode | undefined> {
    if (!person.hasTotp) return undefined;
    if (code === undefined) throw codeNeeded();
    return count(person.name, ANY_ADDRESS, () => checkCode(person, code));
  }
  /** What was true when the password was checked may have changed meanwhile. */
  async function confirmUnchanged(query: Query, { id, passwordHash, hasTotp }: PersonRecord): Promise<void> {
    const row = await query.selectFrom('people').select(['state', 'password_hash']).where('id', '=', id).executeTakeFirst();
    if (row?.state !== 'active' || row.password_hash !== passwordHash) throw invalid();
    if (hasTotp) return;
    const seed = await query.selectFrom('totp_seeds').select('confirmed_at').where('person_id', '=', id).executeTakeFirst();
    if (seed !== undefined && seed.confirmed_at !== null) throw codeNeeded();
  }

  async function burn(query: Query, person: PersonRecord, checked: CheckedCode | undefined): Promise<void> {
    if (checked !== undefined && !(await totp.use(query, person.id, checked))) throw wrongCode();
  }

  async function prove<T>(
    { name: given, password: typed, code }: Credentials,
    origin: Origin,
    begin: (query: Query, personId: string) => Promise<T>,
  ): Promise<T> {
    const name = normalizeName(given);
    const password = normalizePassword(typed);
    const person = await count(name, origin.address, () => matchPerson(directory.findByName(name), password));
    const checked = await checkSecondFactor(person, code);
    const newHash = isOutdated(person.passwordHash ?? '') ? await hasher.hash(password) : undefined;
    const begun = await directory.change(async (query) => {
      await confirmUnchanged(query, person);
      describeAct({ target: person.id });
      await burn(query, person, checked);
      if (newHash !== undefined) await query.updateTable('people').set({ password_hash: newHash }).where('id', '=', person.id).execute();
      return begin(query, person.id);
    });
    for (const address of [origin.address, ANY_ADDRESS]) delays.succeeded(name, address);
    return begun;
  }

  return {
    prove,
    async proveCode(person, code) {
      const checked = await checkSecondFactor(person, code);
      return (query) => burn(query, person, checked);
    },
    signIn: (credentials, origin) =>
      prove(credentials, origin, async (query, personId) => ({ ...(await sessions.begin(query, personId, origin)), personId })),
    async provePassword(person, password, origin) {
      await count(person.name, origin.address, () => matchPerson(person, normalizePassword(password)));
      delays.succeeded(person.name, origin.address);
    },
  };
}
