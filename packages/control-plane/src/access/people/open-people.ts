import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database } from '../../stores/database.ts';
import type { SessionLookup } from '../admission.ts';
import { type Directory, openDirectory } from './directory.ts';
import { createExternalSignIn, type ExternalSignIn } from './external-sign-in.ts';
import { createPasskeys, type Passkeys } from './passkeys.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords/password-hasher.ts';
import { createPeople, type People, type PeopleDependencies } from './people.ts';
import type { SecretBox } from './secret-box.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import { createSignInDelays } from './sign-in-delays.ts';
import { createTokenKeys } from './token-keys.ts';
import { createTokenIssuer, looksLikeAccessToken, type TokenIssuer } from './tokens.ts';
import { createTotp } from './totp.ts';

export interface OpenPeopleOptions extends Pick<PeopleDependencies, 'adopt' | 'describeAct'> {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clusterName: string;
  readonly hasher?: PasswordHasher;
}

export interface OpenedPeople extends AsyncDisposable {
  readonly directory: Directory;
  readonly people: People;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly passkeys: Passkeys;
  readonly tokens: TokenIssuer;
  /** For people whom a sign-in provider knows. */
  readonly external: ExternalSignIn;
  /** Sessions by cookie, and by access token. */
  readonly lookup: SessionLookup;
}

/** Reads everybody into memory. Whoever opens it runs `sessions.run` until the end. */
export async function openPeople({
  database,
  secrets,
  clock,
  log,
  clusterName,
  adopt,
  describeAct,
  hasher = createPasswordHasher(),
}: OpenPeopleOptions): Promise<OpenedPeople> {
  const directory = await openDirectory(database, clock);
  const sessions = createSessions({ directory, database, clock, log });
  const totp = createTotp({ database, directory, secrets, clock });
  const signIn = createSignIn({ directory, sessions, totp, hasher, delays: createSignInDelays(), clock, describeAct });
  const passkeys = createPasskeys({ directory, sessions, clock, clusterName, describeAct });
  const people = createPeople({ directory, passkeys, sessions, signIn, totp, hasher, clock, clusterName, adopt, describeAct });
  const tokens = createTokenIssuer({
    directory,
    sessions,
    signIn,
    keys: createTokenKeys({ database, secrets, clock }),
    clock,
    clusterName,
    describeAct,
  });
  const external = createExternalSignIn({ directory, sessions, clock, describeAct });
  const lookup: SessionLookup = {
    find: sessions.find,
    csrfTokenOf: sessions.csrfTokenOf,
    prepare: (text) => (looksLikeAccessToken(text) ? tokens.prepare(text) : undefined),
    findPrepared: tokens.find,
    ownerOf: sessions.ownerOf,
  };
  return {
    directory,
    people,
    sessions,
    signIn,
    passkeys,
    tokens,
    external,
    lookup,
    [Symbol.asyncDispose]: () => hasher[Symbol.asyncDispose](),
  };
}
